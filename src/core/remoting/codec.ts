import type { Command, ExtFields } from './frame.ts'
import { emptyBody } from './frame.ts'
import { HeaderPlan } from './header-plan.ts'
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

/** @throws HeaderError, SyntaxError, TypeError for what a handler could not use */
export function decodeCall<N extends RequestName>(name: N, command: Command): CallOf<N> {
  const codec = codecOf(name)
  return {
    header: codec.header.fromExt(command.ext),
    body: codec.body === null ? undefined : codec.body.decode(command.body),
  } as CallOf<N>
}

export interface EncodedAnswer {
  readonly code: number
  readonly remark: string | null
  readonly ext: ExtFields
  readonly body: Buffer
}

export function encodeAnswer<N extends RequestName>(name: N, answer: AnswerOf<N>): EncodedAnswer {
  const codec = codecOf(name)
  const { header, body } = answer
  return {
    code: answer.code ?? ResponseCode.success,
    remark: answer.remark ?? null,
    ext: header === undefined || codec.replyHeader === null ? {} : codec.replyHeader.toExt(header),
    body: codec.replyBody === null || body === undefined ? emptyBody : codec.replyBody.encode(body),
  }
}

/**
 * A refusal may lack header and body: they are null then.
 * @throws HeaderError, SyntaxError, TypeError for a success without them
 */
export function decodeReply<N extends RequestName>(name: N, command: Command): ReplyOf<N> {
  const codec = codecOf(name)
  const success = command.code === ResponseCode.success
  const header = codec.replyHeader === null ? null : replyHeader(codec.replyHeader, command.ext, success)
  const hasBody = codec.replyBody !== null && command.body.length > 0
  return {
    code: command.code,
    remark: command.remark,
    header,
    body: hasBody && success ? codec.replyBody.decode(command.body) : null,
  } as ReplyOf<N>
}

function replyHeader(plan: HeaderPlan<Fields>, ext: ExtFields, required: boolean): HeaderOf<Fields> | null {
  if (required) return plan.fromExt(ext)
  try {
    return plan.fromExt(ext)
  } catch {
    return null
  }
}
