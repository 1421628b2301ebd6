/** Our command line as a user runs it: the built binary, in processes of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

const binary = join(import.meta.dirname, '../../bin/run.js')

export interface PocketmqRun {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number | null
}

export async function pocketmq(args: string[], stdin = ''): Promise<PocketmqRun> {
  const child = spawn(process.execPath, [binary, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => {}) // a command that fails may end without reading
  child.stdin.end(stdin)
  const ended = once(child, 'close') as Promise<[number | null]>
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { stdout, stderr, exitCode }
}

/** `pocketmq serve --ephemeral`: name server and broker at one address. */
export class PocketmqServer {
  readonly namesrv: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, address: string) {
    this.#child = child
    this.namesrv = address
    const kill = (): void => void child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.off('exit', kill))
  }

  get pids(): number[] {
    return [this.#child.pid!]
  }

  get broker(): string {
    return this.namesrv
  }

  /** @param port 0: a free one */
  static async start(args: readonly string[] = [], port = 0): Promise<PocketmqServer> {
    const serve = [binary, 'serve', '--ephemeral', '--port', String(port)]
    const child = spawn(process.execPath, [...serve, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const line of createInterface(child.stdout)) {
      const address = / at (127\.0\.0\.1:\d+)/.exec(line)?.[1]
      if (address !== undefined) return new PocketmqServer(child, address)
    }
    throw new Error('pocketmq serve ended before it said where it listens: is it built (npm run build)?')
  }

  /** @throws Error unless it ends in order */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const [exitCode] = (await ended) as [number | null]
    if (exitCode !== 0 && exitCode !== 130) throw new Error(`pocketmq serve ended with ${exitCode}`)
  }
}
