/** A server in a process of its own, so that what it costs can be seen. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { binary, cleanEnv } from '../run-binary.ts'

/** What a server is like at a moment; `probe.mjs`. */
export interface Look {
  /** Longest time since the last look in which it did nothing else, ms of its own processor time. */
  readonly stallMs: number
  /** Bytes of the heap in use. */
  readonly heapUsed: number
  /** Bytes outside of it. */
  readonly arrayBuffers: number
}

export interface Start {
  /** Words of a shell before it: `ulimit -n 64;`. */
  readonly limits?: string
  readonly nodeArgs?: readonly string[]
  /** A folder of the caller's; absent: a temporary one. */
  readonly store?: string
  /** A program to run it under, with its arguments: strace. */
  readonly under?: readonly string[]
}

const probe = join(import.meta.dirname, 'probe.mjs')

export class ServedProcess {
  readonly port: number
  readonly store: string
  readonly #child: ChildProcess
  readonly #said: Buffer[]

  private constructor(child: ChildProcess, said: Buffer[], port: number, store: string) {
    this.#child = child
    this.#said = said
    this.port = port
    this.store = store
  }

  static async start(args: readonly string[] = [], options: Start = {}): Promise<ServedProcess> {
    const { limits = '', nodeArgs = [], store, under = [] } = options
    const where = store === undefined ? ['--ephemeral'] : ['--store', store]
    const node = [process.execPath, '--expose-gc', '--import', probe, ...nodeArgs, binary]
    const serve = [...node, 'serve', ...where, '--port', '0', '--json', ...args]
    const child = spawn('/bin/sh', ['-c', `${limits} exec "$@"`, 'sh', ...under, ...serve], {
      env: cleanEnv(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const said: Buffer[] = []
    child.stderr!.on('data', (chunk: Buffer) => said.push(chunk))
    const json = await untilClosed(child.stdout!)
    if (json === '') throw new Error(`no server: ${Buffer.concat(said).toString()}`)
    const { address, store: folder } = JSON.parse(json) as { address: string; store: string }
    return new ServedProcess(child, said, Number(address.split(':')[1]), folder)
  }

  get namesrv(): string {
    return `127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#child.pid!
  }

  get runs(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** What it wrote to stderr. */
  get said(): string {
    return Buffer.concat(this.#said).toString()
  }

  /** Resident memory, MiB. Linux. */
  get residentMiB(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) / 1024
  }

  /** Processor time so far, in ticks of 10 ms. */
  get cpuTicks(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  }

  get descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length
  }

  get sockets(): number {
    const folder = `/proc/${this.pid}/fd`
    return readdirSync(folder).filter((fd) => linkOf(join(folder, fd)).startsWith('socket:')).length
  }

  /** @param collect garbage first: then the memory is what is held */
  async look(collect = false): Promise<Look> {
    const answered = once(this.#child, 'message')
    this.#child.send({ collect })
    const [look] = (await answered) as [Look]
    return look
  }

  /** Memory that is held, MiB. */
  async heldMiB(): Promise<number> {
    const { heapUsed, arrayBuffers } = await this.look(true)
    return (heapUsed + arrayBuffers) / 2 ** 20
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

/** The JSON it prints when it is ready; empty if it ends before. */
async function untilClosed(stdout: Readable): Promise<string> {
  let text = ''
  for await (const line of createInterface(stdout)) {
    text += line
    if (line === '}') return text
  }
  return ''
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return '' // closed since it was listed
  }
}
