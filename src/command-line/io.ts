import { createReadStream, writeSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { MqAdmin, Target } from '../core/client/admin.ts'
import type { ConnectOptions } from '../core/connect.ts'
import { descriptorStat } from '../input/descriptor-stat.ts'
import { Sink } from '../output/sink.ts'

/** All that a command touches of its process, so that a test can stand in for it. */
export interface CommandIo {
  readonly env: NodeJS.ProcessEnv
  readonly asMqadmin: boolean
  readonly out: Sink
  readonly errIsTerminal: boolean
  /** Characters in a line of that terminal; 0 where it does not know. */
  readonly errColumns: number
  stdin(): Readable
  /** Whole lines, at once. */
  err(text: string): void
  connect(target: Target, options: ConnectOptions): Promise<MqAdmin>
  /** Calls back at each SIGINT and SIGTERM; returns how to stop that. */
  onInterrupt(listener: (signal: 'SIGINT' | 'SIGTERM') => void): () => void
  exit(status: number): void
}

export function processIo(asMqadmin: boolean): CommandIo {
  return {
    env: process.env,
    asMqadmin,
    out: Sink.ofDescriptor(1, isFile(1)),
    get errIsTerminal() {
      return process.stderr.isTTY
    },
    get errColumns() {
      return process.stderr.columns
    },
    stdin: () =>
      isFile(0) ? createReadStream('', { fd: 0, autoClose: false, highWaterMark }) : process.stdin,
    err: writeErr,
    connect: async (target, options) => {
      const { connect } = await import('../core/connect.ts')
      return connect(target, options)
    },
    onInterrupt: (listener) => {
      process.on('SIGINT', listener).on('SIGTERM', listener)
      return () => process.off('SIGINT', listener).off('SIGTERM', listener)
    },
    exit: (status) => process.exit(status),
  }
}

/** process.stdin reads half of it at a time, each as dear as dozens of messages. More pins memory. */
const highWaterMark = 128 * 1024

function isFile(descriptor: number): boolean {
  try {
    return descriptorStat(descriptor).isFile()
  } catch {
    // it is closed: whoever uses it is told
    return false
  }
}

/** A reader that left stderr takes nothing away from the work. */
function writeErr(text: string): void {
  try {
    writeSync(2, text)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EPIPE' && code !== 'EAGAIN') throw error
  }
}
