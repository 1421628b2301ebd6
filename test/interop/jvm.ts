/** Java processes that end with this one: by request, at exit, and (WithParent) even when it is killed. */
import type { SerializeType } from '../../src/core/remoting/frame.ts'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { classPath } from './jars.ts'

const quietLogback = `-Drmq.logback.configurationFile=${join(import.meta.dirname, 'quiet-logback.xml')}`

const live = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of live) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]))
}

export function headerTypeFlag(type: SerializeType): string {
  return `-Drocketmq.serialize.type=${type === 'binary' ? 'ROCKETMQ' : 'JSON'}`
}

/** Tuned to start soon: what we run ends within seconds. */
export const javaFlags = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', quietLogback]

export interface JavaRun {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number | null
}

/** Runs a main class to its end. */
export async function runJava(flags: string[], mainAndArgs: string[], stdin = ''): Promise<JavaRun> {
  const child = spawn('java', [...javaFlags, ...flags, '-cp', classPath(), ...mainAndArgs], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  track(child)
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  child.stdin.on('error', () => {}) // it may end without reading
  child.stdin.end(stdin)
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { stdout: stdout(), stderr: stderr(), exitCode }
}

/** A server's JVM, its output in a file. */
export class JavaServer {
  readonly #child: ChildProcess
  readonly #logPath: string

  constructor(flags: string[], mainAndArgs: string[], logPath: string) {
    const log = openSync(logPath, 'w')
    this.#logPath = logPath
    this.#child = spawn('java', [quietLogback, ...flags, '-cp', classPath(), 'WithParent', ...mainAndArgs], {
      stdio: ['pipe', log, log],
    })
    closeSync(log)
    track(this.#child)
  }

  get pid(): number {
    return this.#child.pid!
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  output(): string {
    return readFileSync(this.#logPath, 'utf8')
  }

  /** Kills it: a broker takes ten seconds to shut down, and nobody reads its files afterwards. */
  async kill(): Promise<void> {
    if (this.hasEnded) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

export function track(child: ChildProcess): void {
  live.add(child)
  child.once('exit', () => live.delete(child))
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}
