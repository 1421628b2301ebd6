import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { MqError } from '../core/errors.ts'

export interface ChildCommand {
  /** Resolves with its exit status; 128 and the signal's number for one that a signal ended, as shells do. */
  readonly ended: Promise<number>
  signal(signal: NodeJS.Signals): void
}

/**
 * Runs a command with our own input and output.
 * @throws MQ_USAGE, by `ended`, when it cannot be run
 */
export function runChild([file, ...args]: readonly string[], env: NodeJS.ProcessEnv): ChildCommand {
  const child = spawn(file!, args, { stdio: 'inherit', env })
  const hangUp = (): void => void child.kill('SIGHUP')
  process.on('SIGHUP', hangUp)
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => {
      const { code } = cause as NodeJS.ErrnoException
      const why = code === 'ENOENT' ? 'there is no such command' : cause.message
      reject(new MqError('MQ_USAGE', `cannot run ${file}: ${why}`, { cause }))
    })
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]))
  })
  return {
    ended: ended.finally(() => process.off('SIGHUP', hangUp)),
    signal: (signal) => void child.kill(signal),
  }
}
