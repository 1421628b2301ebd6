/**
 * Frames of the Remoting protocol (NettyDecoder, RemotingCommand), without I/O:
 * length i32 | serialize type u8, header length u24 | header | body.
 */
import { limits } from '../model/limits.ts'
import { decodeBinaryHeader, encodeBinaryHeader } from './header-binary.ts'
import { decodeJsonHeader, encodeJsonHeader } from './header-json.ts'

export type SerializeType = 'json' | 'binary'

/** Ext fields as text; without prototype, names come from the network. */
export type ExtFields = Record<string, string>

export interface CommandHeader {
  readonly code: number
  readonly language: string
  readonly version: number
  readonly opaque: number
  readonly flag: number
  readonly remark: string | null
  readonly ext: ExtFields
}

/** RocketMQ's RemotingCommand. */
export interface Command extends CommandHeader {
  readonly serializeType: SerializeType
  readonly body: Buffer
}

export const CommandFlag = { response: 1, oneway: 2 } as const

/**
 * Ours; RocketMQ has no limit below the frame's. Checked before any JSON is parsed. The largest properties,
 * their separators escaped as six characters each, take three quarters of it.
 */
export const headerSizeMax = 256 * 1024

/** The peer speaks something else or lies about lengths: the connection cannot go on. */
export class FrameError extends Error {
  override name = 'FrameError'
}

export const emptyBody = Buffer.alloc(0)

/**
 * Bytes of the whole frame that begins at `at`, or 0 while its two length fields are incomplete. Both are
 * checked before anything that they announce is waited for.
 * @throws FrameError for lengths no peer may send
 */
export function frameSize(source: Buffer, at: number, end: number): number {
  if (end - at < 4) return 0
  const size = source.readInt32BE(at) + 4
  if (size < 8) throw new FrameError(`frame of ${size} bytes`)
  if (size > limits.frameSizeMax)
    throw new FrameError(`frame of ${size} bytes, at most ${limits.frameSizeMax} are taken`)
  if (end - at < 8) return 0
  checkedHeaderSize(source, at, size)
  return size
}

/** @throws FrameError */
function checkedHeaderSize(source: Buffer, at: number, size: number): number {
  const headerSize = source.readUInt32BE(at + 4) & 0xffffff
  if (headerSize > size - 8) throw new FrameError(`bad header length ${headerSize}`)
  if (headerSize > headerSizeMax)
    throw new FrameError(`header of ${headerSize} bytes, at most ${headerSizeMax} are taken`)
  return headerSize
}

/** Decodes one whole frame. The body is a view. @throws FrameError */
export function decodeFrame(source: Buffer, at: number, size: number): Command {
  const type = source.readUInt8(at + 4)
  const headerAt = at + 8
  const bodyAt = headerAt + checkedHeaderSize(source, at, size)
  const body = bodyAt === at + size ? emptyBody : source.subarray(bodyAt, at + size)
  try {
    if (type === 0) return { serializeType: 'json', body, ...decodeJsonHeader(source, headerAt, bodyAt) }
    if (type === 1) return { serializeType: 'binary', body, ...decodeBinaryHeader(source, headerAt, bodyAt) }
  } catch (error) {
    throw new FrameError(`header cannot be read: ${(error as Error).message}`)
  }
  throw new FrameError(`serialize type ${type}`)
}

export function encodeFrame(command: Command): Buffer {
  const header = command.serializeType === 'json' ? encodeJsonHeader(command) : encodeBinaryHeader(command)
  const size = 8 + header.length + command.body.length
  if (size > limits.frameSizeMax)
    throw new FrameError(`frame of ${size} bytes, at most ${limits.frameSizeMax} are taken`)
  const frame = Buffer.allocUnsafe(size)
  frame.writeInt32BE(size - 4, 0)
  frame.writeUInt32BE(((command.serializeType === 'json' ? 0 : 1) << 24) | header.length, 4)
  frame.set(header, 8)
  frame.set(command.body, 8 + header.length)
  return frame
}
