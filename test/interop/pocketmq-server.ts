/** Our server, as a user starts it: `pocketmq serve --ephemeral` in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const binary = join(import.meta.dirname, '../../bin/run.js')

export class PocketmqServer {
  /** `host:port` of name server and broker. */
  readonly namesrv: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, address: string) {
    this.#child = child
    this.namesrv = address
  }

  get broker(): string {
    return this.namesrv
  }

  static async start(): Promise<PocketmqServer> {
    const child = spawn(process.execPath, [binary, 'serve', '--ephemeral', '--port', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    process.once('exit', () => child.kill('SIGKILL'))
    for await (const line of createInterface(child.stdout)) {
      const address = /127\.0\.0\.1:\d+/.exec(line)
      if (address !== null) return new PocketmqServer(child, address[0])
    }
    throw new Error(`pocketmq serve ended with ${child.exitCode} before it said where it listens`)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    this.#child.kill('SIGTERM')
    await once(this.#child, 'exit')
  }
}
