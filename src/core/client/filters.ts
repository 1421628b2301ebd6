import type { Message } from '../model/message.ts'
import { matchesSql92 } from '../model/sql92/evaluate.ts'
import { parseSql92 } from '../model/sql92/parser.ts'
import { parseTags } from '../model/tag-expression.ts'
import { ResponseCode } from '../remoting/response-codes.ts'
import type { FilterOptions } from './admin.ts'

interface Answer {
  readonly code: number
  readonly remark: string | null
}

export interface Filtered<A> {
  readonly answer: A
  /** What the broker does not decide, or not for sure. */
  readonly accepts: (message: Message) => boolean
}

/** Filters at brokers, some of which may refuse SQL92: what those send is filtered here. */
export class Filters {
  readonly #refusing = new Set<string>()

  /** @param request asks the broker with an expression and its type */
  async ask<A extends Answer>(
    address: string,
    options: FilterOptions,
    request: (expression: string, type: 'TAG' | 'SQL92') => Promise<A>,
  ): Promise<Filtered<A>> {
    const { tag = '*', where, onWhereHere } = options
    const tags = parseTags(tag)
    if (where !== undefined && !this.#refusing.has(address)) {
      const answer = await request(withTags(where, tags), 'SQL92')
      if (!refusesSql92(answer)) return { answer, accepts: () => true }
      this.#refusing.add(address)
    }
    if (where !== undefined) onWhereHere?.()
    const passes = where === undefined ? () => true : localFilter(where)
    // brokers compare tags by hash: the text is compared here, as PullAPIWrapper does
    const accepts = (message: Message): boolean =>
      (tags === null || (message.tag !== null && tags.includes(message.tag))) && passes(message)
    return { answer: await request(tag, 'TAG'), accepts }
  }
}

/** A subscription has tags or SQL92; the tag is a property like others. */
function withTags(where: string, tags: readonly string[] | null): string {
  if (tags === null) return where
  const list = tags.map((tag) => `'${tag.replaceAll("'", "''")}'`).join(', ')
  return `TAGS IN (${list}) AND (${where})`
}

/** PullMessageProcessor's words with enablePropertyFilter=false, RocketMQ's default. */
function refusesSql92({ code, remark }: Answer): boolean {
  return (
    code === ResponseCode.systemError && /does not support consumer to filter message by/.test(remark ?? '')
  )
}

function localFilter(where: string): (message: Message) => boolean {
  const { expression } = parseSql92(where)
  return ({ properties }) => matchesSql92(expression, (name) => properties[name] ?? null)
}
