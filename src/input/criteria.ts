import type { Message } from '../core/model/message.ts'
import { matchesSql92 } from '../core/model/sql92/evaluate.ts'
import { propertyNames } from '../core/model/sql92/expression.ts'
import { parseSql92 } from '../core/model/sql92/parser.ts'
import { parseTags } from '../core/model/tag-expression.ts'

/** One thing a message should have. */
export interface Criterion {
  /** As a person would say it. */
  readonly text: string
  readonly holds: (message: Message) => boolean
  /** What the message has in its place. */
  readonly instead: (message: Message) => string
}

export interface CriteriaFlags {
  readonly key?: string | undefined
  readonly tag?: string | undefined
  readonly where?: string | undefined
  readonly grep?: RegExp | undefined
}

export function criteriaOf({ key, tag, where, grep }: CriteriaFlags): readonly Criterion[] {
  return [
    ...(key === undefined ? [] : [keyCriterion(key)]),
    ...(tag === undefined ? [] : [tagCriterion(tag)]),
    ...(where === undefined ? [] : [whereCriterion(where)]),
    ...(grep === undefined ? [] : [bodyCriterion(grep)]),
  ]
}

function keyCriterion(key: string): Criterion {
  return {
    text: `key ${key}`,
    holds: ({ keys }) => keys.includes(key),
    instead: ({ keys }) => (keys.length === 0 ? 'no key' : `key ${keys.join(' ')}`),
  }
}

function tagCriterion(expression: string): Criterion {
  const tags = parseTags(expression)
  return {
    text: `tag ${expression}`,
    holds: ({ tag }) => tags === null || (tag !== null && tags.includes(tag)),
    instead: ({ tag }) => (tag === null ? 'no tag' : `tag ${tag}`),
  }
}

function whereCriterion(where: string): Criterion {
  const { expression } = parseSql92(where)
  const names = [...propertyNames(expression)]
  return {
    text: where,
    holds: ({ properties }) => matchesSql92(expression, (name) => properties[name] ?? null),
    instead: ({ properties }) =>
      names
        .map((name) => (properties[name] === undefined ? `no ${name}` : `${name} = '${properties[name]}'`))
        .join(', '),
  }
}

const excerptSize = 60

function bodyCriterion(pattern: RegExp): Criterion {
  return {
    text: `body ${pattern.source}`,
    holds: ({ body }) => pattern.test(body.toString('utf8')),
    instead: ({ body }) => {
      const text = JSON.stringify(body.toString('utf8'))
      return `body ${text.length > excerptSize ? `${text.slice(0, excerptSize)}…` : text}`
    },
  }
}

const missesMax = 3

/** The messages that come nearest to what is looked for: those with most of it, of these the latest. */
export class NearestMisses {
  readonly #criteria: readonly Criterion[]
  #nearest: { readonly message: Message; readonly met: number }[] = []

  constructor(criteria: readonly Criterion[]) {
    this.#criteria = criteria
  }

  add(message: Message, met: number): void {
    const last = this.#nearest.at(-1)
    if (this.#nearest.length === missesMax && last !== undefined && last.met > met) return
    const at = this.#nearest.findIndex((each) => each.met <= met)
    this.#nearest.splice(at === -1 ? this.#nearest.length : at, 0, { message, met })
    this.#nearest = this.#nearest.slice(0, missesMax)
  }

  /** `broker-a queue 2 offset 17: status = 'NEW'`, the nearest first; empty: there was no message. */
  told(): string {
    return this.#nearest
      .map(({ message }) => {
        const lacking = this.#criteria.filter(({ holds }) => !holds(message))
        return `${placeOf(message)}: ${lacking.map(({ instead }) => instead(message)).join(', ')}`
      })
      .join('; ')
  }
}

export function placeOf({ brokerName, queueId, queueOffset }: Message): string {
  return `${brokerName} queue ${queueId} offset ${queueOffset}`
}
