import { ourVersion } from '../model/versions.ts'
import { beginFrame, CommandFlag, emptyBody, endFrame, Frame } from './frame.ts'
import type { Command, ExtFields, SerializeType } from './frame.ts'
import type { FrameWriter } from './frame-writer.ts'
import { writeBinaryHeader } from './header-binary.ts'
import { writeJsonHeader } from './header-json.ts'
import { HeaderPlan } from './header-plan.ts'
import { ourLanguage } from './languages.ts'
import { requests, type AnswerOf, type CallOf, type ReplyOf, type RequestName } from './requests/index.ts'
import type { AnyBody, Body, Fields, HeaderOf, RequestSpec } from './schema.ts'
import { ResponseCode } from './response-codes.ts'

interface Codec {
  readonly code: number
  readonly header: HeaderPlan<Fields>
  readonly body: Body<unknown> | null
  readonly replyHeader: HeaderPlan<Fields> | null
  readonly replyBody: Body<unknown> | null
}

const codecs = new Map<RequestName, Codec>()

/** A row's codec, derived at its first use. */
function codecOf(name: RequestName): Codec {
  let codec = codecs.get(name)
  if (codec === undefined) {
    const spec: RequestSpec = requests[name]
    codec = {
      code: spec.code,
      header: new HeaderPlan(spec.header),
      body: bodyOf(spec.body),
      replyHeader: spec.reply.header === undefined ? null : new HeaderPlan(spec.reply.header),
      replyBody: bodyOf(spec.reply.body),
    }
    codecs.set(name, codec)
  }
  return codec
}

function bodyOf(body: AnyBody | undefined): Body<unknown> | null {
  return (body as Body<unknown> | undefined) ?? null
}

export interface EncodedCall {
  readonly code: number
  readonly ext: ExtFields
  readonly body: Buffer
}

/** @throws HeaderError, RangeError for a header that is none */
export function encodeCall<N extends RequestName>(name: N, call: CallOf<N>): EncodedCall {
  const codec = codecOf(name)
  return {
    code: codec.code,
    ext: codec.header.toExt(call.header),
    body: codec.body === null || call.body === undefined ? emptyBody : codec.body.encode(call.body),
  }
}

function requestBody(body: Body<unknown>, bytes: Buffer): unknown {
  return body.decodeRequest === undefined ? body.decode(bytes) : body.decodeRequest(bytes)
}

/** @throws HeaderError, SyntaxError, TypeError, RangeError for what a handler could not use */
export function decodeCall<N extends RequestName>(name: N, command: Command): CallOf<N> {
  const codec = codecOf(name)
  const { length } = command.body
  const sizeMax = codec.body?.requestSizeMax
  if (sizeMax !== undefined && length > sizeMax)
    throw new RangeError(`a body of ${length} bytes, at most ${sizeMax} are taken by ${name}`)
  return {
    header: headerOf(command, codec.header),
    body: codec.body === null ? undefined : requestBody(codec.body, command.body),
  } as CallOf<N>
}

/** A frame that has come has no texts of its fields, and needs none. */
function headerOf(command: Command, plan: HeaderPlan<Fields>): HeaderOf<Fields> {
  return command instanceof Frame ? command.header(plan) : plan.fromExt(command.ext)
}

/** How an answer goes back: under what number, and in which kind of header. */
export interface ReturnAddress {
  readonly opaque: number
  readonly serializeType: SerializeType
}

/**
 * Writes an answer's frame: `encodeFrame` of it, without making a Command.
 * @throws HeaderError, RangeError for an answer that breaks its row, FrameError for one that is too long:
 *   `out.at` is where it was
 */
export function writeAnswer<N extends RequestName>(
  out: FrameWriter,
  to: ReturnAddress,
  name: N,
  answer: AnswerOf<N>,
): void {
  const codec = codecOf(name)
  const { code = ResponseCode.success, remark = null, header, body } = answer
  const plan = header === undefined ? null : codec.replyHeader
  const bytes = codec.replyBody === null || body === undefined ? emptyBody : codec.replyBody.encode(body)
  writeResponse(out, to, code, remark, plan, header ?? noFields, bytes)
}

const noFields = {}

/** Writes the frame of an answer that is code and remark only. */
export function writeRefusal(out: FrameWriter, to: ReturnAddress, code: number, remark: string): void {
  writeResponse(out, to, code, remark, null, noFields, emptyBody)
}

/** @param plan writes `header`; null: nothing of it */
function writeResponse(
  out: FrameWriter,
  { opaque, serializeType }: ReturnAddress,
  code: number,
  remark: string | null,
  plan: HeaderPlan<Fields> | null,
  header: HeaderOf<Fields>,
  body: Buffer,
): void {
  const head = {
    code,
    language: ourLanguage,
    version: ourVersion,
    opaque,
    flag: CommandFlag.response,
    remark,
  }
  const start = out.at
  try {
    // codes beyond 16 bits do not fit a binary header
    const type = code > 0x7fff ? 'json' : serializeType
    beginFrame(out)
    if (type === 'json') writeJsonHeader(out, head, plan, header)
    else writeBinaryHeader(out, head, plan, header)
    endFrame(out, start, type, body)
  } catch (error) {
    out.at = start
    throw error
  }
}

/**
 * A refusal may lack header and body: they are null then.
 * @throws HeaderError, SyntaxError, TypeError for a success without them
 */
export function decodeReply<N extends RequestName>(name: N, command: Command): ReplyOf<N> {
  const codec = codecOf(name)
  const success = command.code === ResponseCode.success
  const header = codec.replyHeader === null ? null : replyHeader(codec.replyHeader, command, success)
  const { body } = command
  const hasBody = codec.replyBody !== null && body.length > 0
  return {
    code: command.code,
    remark: command.remark,
    header,
    body: hasBody && success ? codec.replyBody.decode(body) : null,
  } as ReplyOf<N>
}

function replyHeader(plan: HeaderPlan<Fields>, command: Command, required: boolean): HeaderOf<Fields> | null {
  if (required) return headerOf(command, plan)
  try {
    return headerOf(command, plan)
  } catch {
    return null
  }
}
