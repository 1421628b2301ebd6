import type { Answer, Call, Reply, RequestSpec } from '../schema.ts'
import { assignmentRequests } from './assignment.ts'
import { brokerRequests } from './broker.ts'
import { clientRequests } from './client.ts'
import { groupRequests } from './group.ts'
import { lockRequests } from './lock.ts'
import { messageRequests } from './message.ts'
import { namesrvRequests } from './namesrv.ts'
import { offsetRequests } from './offset.ts'
import { popRequests } from './pop.ts'
import { replyRequests } from './reply.ts'
import { topicRequests } from './topic.ts'
import { transactionRequests } from './transaction.ts'

/** THE TABLE: every request this project sends or answers. */
export const requests = {
  ...messageRequests,
  ...offsetRequests,
  ...topicRequests,
  ...groupRequests,
  ...clientRequests,
  ...brokerRequests,
  ...namesrvRequests,
  ...popRequests,
  ...lockRequests,
  ...transactionRequests,
  ...replyRequests,
  ...assignmentRequests,
}

export type Requests = typeof requests
export type RequestName = keyof Requests
export type CallOf<N extends RequestName> = Call<Requests[N]>
export type AnswerOf<N extends RequestName> = Answer<Requests[N]>
export type ReplyOf<N extends RequestName> = Reply<Requests[N]>

export const requestNames = Object.keys(requests) as RequestName[]

const nameByCode = new Map<number, RequestName>()
for (const name of requestNames) nameByCode.set(requests[name].code, name)

export function requestNameOf(code: number): RequestName | null {
  return nameByCode.get(code) ?? null
}

/** A row without its literal types, for code that walks the table. */
export function requestSpec(name: RequestName): RequestSpec {
  return requests[name]
}

const givers: ReadonlySet<RequestName> = new Set<RequestName>([
  'PULL_MESSAGE',
  'LITE_PULL_MESSAGE',
  'POP_MESSAGE',
  'QUERY_MESSAGE',
  'VIEW_MESSAGE_BY_ID',
])

/** Requests that are answered with messages: what an overloaded server refuses. */
export function givesMessages(name: RequestName): boolean {
  return givers.has(name)
}
