/** A server in a process of its own, so that what it costs can be seen. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { binary, cleanEnv } from '../run-binary.ts'

/** `SAFETY_SCALE=10` runs the counts of a release: 10,000 connections. */
export const scale = Number(process.env['SAFETY_SCALE'] ?? 1)

export class ServedProcess {
  readonly port: number
  readonly store: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number, store: string) {
    this.#child = child
    this.port = port
    this.store = store
  }

  /** @param limits words of a shell before it: `ulimit -n 64 &&` */
  static async start(
    args: readonly string[] = [],
    limits = '',
    nodeArgs: readonly string[] = [],
  ): Promise<ServedProcess> {
    const serve = [...nodeArgs, binary, 'serve', '--ephemeral', '--port', '0', '--json', ...args]
    const script = `${limits} exec "$0" "$@"`
    const child = spawn('/bin/sh', ['-c', script, process.execPath, ...serve], {
      env: cleanEnv(),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    for await (const line of createInterface(child.stdout)) {
      text += line
      if (line === '}') break
    }
    const { address, store } = JSON.parse(text) as { address: string; store: string }
    return new ServedProcess(child, Number(address.split(':')[1]), store)
  }

  get namesrv(): string {
    return `127.0.0.1:${this.port}`
  }

  get runs(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resident memory, MiB. Linux. */
  get residentMiB(): number {
    const status = readFileSync(`/proc/${this.#child.pid!}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) / 1024
  }

  /** Processor time so far, in ticks of 10 ms. */
  get cpuTicks(): number {
    const stat = readFileSync(`/proc/${this.#child.pid!}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  }

  get descriptors(): number {
    return readdirSync(`/proc/${this.#child.pid!}/fd`).length
  }

  dial(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: this.port, host: '127.0.0.1' })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject).on('error', () => undefined)
        resolve(socket)
      })
    })
  }

  /** @returns its exit status */
  async stop(): Promise<number | null> {
    if (this.runs) {
      const ended = once(this.#child, 'exit')
      this.#child.kill('SIGTERM')
      await ended
    }
    return this.#child.exitCode
  }
}
