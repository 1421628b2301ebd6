/**
 * Frames of the Remoting protocol (NettyDecoder, RemotingCommand), without I/O:
 * length i32 | serialize type u8, header length u24 | header | body.
 */
import { limits } from '../model/limits.ts'
import { decodeBinaryHeader, encodeBinaryHeader, extFieldsOf } from './header-binary.ts'
import { decodeJsonHeader, encodeJsonHeader, extFieldsOfParsed, type ParsedExt } from './header-json.ts'
import { FrameWriter } from './frame-writer.ts'
import type { HeaderPlan } from './header-plan.ts'
import type { Fields, HeaderOf } from './schema.ts'

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

/**
 * One whole frame where it stands in a buffer that nobody writes to any more. Only what every header has is
 * read at once: ext fields become values of a row's header without becoming text first.
 */
export class Frame implements Command {
  readonly serializeType: SerializeType
  readonly code: number
  readonly language: string
  readonly version: number
  readonly opaque: number
  readonly flag: number
  readonly remark: string | null
  readonly #source: Buffer
  readonly #bodyAt: number
  readonly #end: number
  /** Null: the header is a binary one, with its ext fields between the next two. */
  readonly #parsedExt: ParsedExt | null
  readonly #extAt: number
  readonly #extEnd: number

  /** @throws FrameError */
  constructor(source: Buffer, at: number, size: number) {
    const headerAt = at + 8
    this.#source = source
    this.#bodyAt = headerAt + checkedHeaderSize(source, at, size)
    this.#end = at + size
    const type = source.readUInt8(at + 4)
    if (type > 1) throw new FrameError(`serialize type ${type}`)
    this.serializeType = type === 0 ? 'json' : 'binary'
    try {
      const decode = type === 0 ? decodeJsonHeader : decodeBinaryHeader
      const header = decode(source, headerAt, this.#bodyAt)
      this.code = header.code
      this.language = header.language
      this.version = header.version
      this.opaque = header.opaque
      this.flag = header.flag
      this.remark = header.remark
      this.#parsedExt = 'parsedExt' in header ? header.parsedExt : null
      this.#extAt = 'extAt' in header ? header.extAt : 0
      this.#extEnd = 'extAt' in header ? header.extEnd : 0
    } catch (error) {
      throw new FrameError(`header cannot be read: ${(error as Error).message}`)
    }
  }

  /** A view. */
  get body(): Buffer {
    return this.#bodyAt === this.#end ? emptyBody : this.#source.subarray(this.#bodyAt, this.#end)
  }

  /** All of them, made at each call. */
  get ext(): ExtFields {
    if (this.#parsedExt !== null) return extFieldsOfParsed(this.#parsedExt)
    return extFieldsOf(this.#source, this.#extAt, this.#extEnd)
  }

  /** The ext fields a row names. @throws HeaderError */
  header<F extends Fields>(plan: HeaderPlan<F>): HeaderOf<F> {
    if (this.#parsedExt !== null) return plan.fromExt(this.#parsedExt)
    return plan.fromBinary(this.#source, this.#extAt, this.#extEnd)
  }
}

/** Decodes one whole frame to plain values. The body is a view. @throws FrameError */
export function decodeFrame(source: Buffer, at: number, size: number): Command {
  const { serializeType, code, language, version, opaque, flag, remark, ext, body } = new Frame(
    source,
    at,
    size,
  )
  return { serializeType, code, language, version, opaque, flag, remark, ext, body }
}

export function encodeFrame(command: Command): Buffer {
  const { serializeType, body } = command
  const header = serializeType === 'json' ? encodeJsonHeader(command) : encodeBinaryHeader(command)
  const out = new FrameWriter(Buffer.allocUnsafe(8 + header.length + body.length))
  beginFrame(out)
  out.put(header)
  endFrame(out, 0, serializeType, body)
  return out.bytes
}

/** Leaves the two lengths to `endFrame`. */
export function beginFrame(out: FrameWriter): void {
  out.putI32(0)
  out.putI32(0)
}

/** The header has been written: puts the body behind it. @throws FrameError for a frame that is too long */
export function endFrame(out: FrameWriter, start: number, type: SerializeType, body: Buffer): void {
  const headerSize = out.at - start - 8
  const size = out.at - start + body.length
  if (size > limits.frameSizeMax)
    throw new FrameError(`frame of ${size} bytes, at most ${limits.frameSizeMax} are taken`)
  out.putBody(body)
  out.setI32(start, size - 4)
  out.setI32(start + 4, ((type === 'json' ? 0 : 1) << 24) | headerSize)
}
