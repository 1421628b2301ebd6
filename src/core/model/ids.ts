import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { readI64 } from '../lib/bytes.ts'
import { formatHost, hostOf, type HostBytes } from './host.ts'

/** The longest: an IPv6 host and an offset. */
const idScratch = Buffer.alloc(56)

/** Upper-case hex of store host, port and commit-log offset; MessageDecoder.createMessageId. */
export function offsetMsgId(storeHost: HostBytes, commitLogOffset: number): string {
  const end = storeHost.length * 2
  for (let i = 0; i < storeHost.length; i++) putHex(i * 2, storeHost[i]!)
  const high = Math.floor(commitLogOffset / 0x1_0000_0000)
  for (let i = 0; i < 4; i++) {
    putHex(end + i * 2, (high >>> (24 - i * 8)) & 255)
    putHex(end + 8 + i * 2, (commitLogOffset >>> (24 - i * 8)) & 255)
  }
  return idScratch.toString('latin1', 0, end + 16)
}

function putHex(at: number, byte: number): void {
  idScratch[at] = hexDigits.charCodeAt(byte >>> 4)
  idScratch[at + 1] = hexDigits.charCodeAt(byte & 15)
}

const hexDigits = '0123456789ABCDEF'

/**
 * Null for text that is no offset id. A unique key of 32 digits decodes, too: to nonsense that no log holds.
 */
export function parseOffsetMsgId(msgId: string): { brokerAddr: string; commitLogOffset: number } | null {
  if ((msgId.length !== 32 && msgId.length !== 56) || !/^[0-9a-fA-F]+$/.test(msgId)) return null
  const bytes = Buffer.from(msgId, 'hex')
  const hostSize = bytes.length - 8
  return { brokerAddr: formatHost(bytes.subarray(0, hostSize)), commitLogOffset: readI64(bytes, hostSize) }
}

/** First address that is not loopback, else loopback; RemotingUtil.getLocalAddress prefers IPv4 likewise. */
function localAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return addresses.find((each) => !each.internal && each.family === 'IPv4')?.address ?? '127.0.0.1'
}

/**
 * Makes unique keys as MessageClientIDSetter: ip, pid, a constant of this process, ms since the start of the
 * month in local time, counter. 32 upper-case hex digits.
 */
export class UniqueKeys {
  readonly #head: string
  readonly #now: () => number
  /** All but the counter, for keys made at `#madeAt`. */
  #prefix = ''
  #madeAt = -1
  #monthStart = 0
  #nextMonthStart = 0
  #counter = 0

  constructor(now: () => number = Date.now) {
    const head = Buffer.alloc(10)
    hostOf(localAddress(), 0).copy(head, 0, 0, 4)
    head.writeUInt16BE(process.pid & 0xffff, 4)
    randomBytes(4).copy(head, 6)
    this.#head = head.toString('hex').toUpperCase()
    this.#now = now
  }

  next(): string {
    const now = this.#now()
    if (now !== this.#madeAt) this.#setTime(now)
    const counter = this.#counter
    this.#counter = (counter + 1) & 0xffff
    return this.#prefix + hexOfByte[counter >>> 8]! + hexOfByte[counter & 0xff]!
  }

  #setTime(now: number): void {
    if (now >= this.#nextMonthStart || now < this.#monthStart) this.#setMonth(now)
    const elapsed = (now - this.#monthStart) >>> 0
    this.#prefix = this.#head + elapsed.toString(16).toUpperCase().padStart(8, '0')
    this.#madeAt = now
  }

  #setMonth(now: number): void {
    const date = new Date(now)
    this.#monthStart = new Date(date.getFullYear(), date.getMonth(), 1).getTime()
    this.#nextMonthStart = new Date(date.getFullYear(), date.getMonth() + 1, 1).getTime()
  }
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase().padStart(2, '0'))
