import type { HostBytes } from '../model/host.ts'
import { errorTable, MqError } from '../errors.ts'
import type { AnswerOf, CallOf, RequestName } from './requests/index.ts'
import { ResponseCode } from './response-codes.ts'

/** A caller's connection; its identity is the object. */
export interface Channel {
  /** `ip:port` of the peer. */
  readonly remoteAddress: string
  /** The peer does not read its answers: large ones may wait until it asks again. */
  readonly congested: boolean
  close(): void
}

/** Who calls, and over what. */
export interface CallContext {
  readonly channel: Channel
  readonly remoteHost: HostBytes
  /** `ip:port` the caller dialled: what a route names as this broker's address. */
  readonly localAddress: string
  readonly language: string
  readonly version: number
}

/** Calls `reply` once, now or later; a throw is an answer, too. */
export type Handler<N extends RequestName> = (
  context: CallContext,
  call: CallOf<N>,
  reply: (answer: AnswerOf<N>) => void,
) => void

export type Handlers = { readonly [N in RequestName]?: Handler<N> }

/** What a failed handler answers: the error table's response code, SYSTEM_ERROR for everything else. */
export function answerOfError(error: unknown): { readonly code: number; readonly remark: string } {
  if (error instanceof MqError) {
    return { code: errorTable[error.code].responseCode ?? ResponseCode.systemError, remark: error.message }
  }
  return { code: ResponseCode.systemError, remark: error instanceof Error ? error.message : String(error) }
}
