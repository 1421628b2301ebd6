/** Our SQL92 filters against RocketMQ's own: every verdict on every message, for whatever expression. */
import assert from 'node:assert/strict'
import { evaluate } from '../../src/core/model/sql92/evaluate.ts'
import type { Expression } from '../../src/core/model/sql92/expression.ts'
import { Sql92SyntaxError } from '../../src/core/model/sql92/lexer.ts'
import { parseSql92 } from '../../src/core/model/sql92/parser.ts'
import { connect } from '../../src/core/connect.ts'
import { topicConfig } from '../core/broker/test-broker.ts'
import { eventually, freshName, pullAll } from '../conformance/helpers.ts'
import { Random } from '../fuzz/random.ts'
import { runJava } from './jvm.ts'
import { RealCluster } from './real-cluster.ts'
import { targets, type Target } from './targets.ts'

type Properties = Readonly<Record<string, string>>

const names = ['a', 'b', 'price', '$_1', 'TAGS', 'Nothing'] as const
const wholes = [
  '0',
  '1',
  '2',
  '10',
  '42',
  '2147483647',
  '2147483648',
  '9223372036854775807',
  '5L',
  '10l',
] as const
const oddWholes = ['007', '0L', '9223372036854775808', '1.5.3', '1e', '5.L'] as const
const reals = [
  '1.5',
  '.5',
  '10.',
  '4.2e1',
  '5E-1',
  '1e308',
  '2147483648.0',
  '9.223372036854775807e18',
] as const
const oddReals = ['0.0', '1e400', '1e-400', '4.9E-324', '00.5'] as const
const texts = ['EU', '', "it's", '10', '42.0', 'true', 'é', '日本', '𝟓', 'a b', '--', '/*', '\n'] as const
const values = [
  ...[
    '0',
    '1',
    '2',
    '10',
    '42',
    '-1',
    '+2',
    '007',
    '2147483647',
    '2147483648',
    '-2147483649',
    '9223372036854775807',
  ],
  ...[
    '9223372036854775808',
    '1.5',
    '.5',
    '10.',
    '-0',
    '0.0',
    '-0.0',
    '4.2e1',
    '1e308',
    '1e400',
    '42d',
    '42F',
    '1L',
  ],
  ...[' 42', '42 ', '\t10\n', 'NaN', '-Infinity', '0x1p3', '0x1.8p1', '0x1p-1075', '٤٢', '４２', '1_0', ''],
  ...[
    'true',
    'TRUE',
    'false',
    'nonsense',
    'EU',
    'E',
    "it's",
    'é',
    '日本',
    '𝟓',
    'a b',
    '--',
    '/*',
    '\n',
    '\u00a010',
  ],
] as const

class Generator {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  #chance(percent: number): boolean {
    return this.#random.below(100) < percent
  }

  properties(): Properties {
    const has = names.slice(0, 5).filter(() => this.#chance(75))
    return Object.fromEntries(has.map((name) => [name, this.#random.pick(values)]))
  }

  /** Mostly sound; one in eight has been tampered with. */
  expression(): string {
    const sound = this.#condition(this.#random.below(4))
    if (!this.#chance(12)) return sound
    const words = sound.split(' ')
    const at = this.#random.below(words.length)
    const junk = [
      '(',
      ')',
      'AND',
      'NOT',
      'IS',
      '',
      '=',
      ',',
      "'",
      '#',
      '-- x',
      '/* c */',
      '-- c\n',
      '!',
      'x',
      '1',
      '+',
      '-',
    ]
    words.splice(at, this.#random.below(2), this.#random.pick(junk))
    return words.join(' ')
  }

  #condition(depth: number): string {
    if (depth > 0 && this.#chance(60)) {
      const joint = this.#random.pick(['AND', 'OR', 'and', 'Or'])
      const parts = Array.from({ length: 2 + this.#random.below(2) }, () => this.#grouped(depth - 1))
      return parts.join(` ${joint} `)
    }
    return this.#chance(15) ? `NOT ( ${this.#condition(0)} )` : this.#comparison()
  }

  #grouped(depth: number): string {
    const inner = this.#condition(depth)
    return this.#chance(40) ? `( ${inner} )` : inner
  }

  #comparison(): string {
    const not = this.#chance(30) ? 'NOT ' : ''
    const left = this.#operand()
    switch (this.#random.below(10)) {
      case 0:
        return `${left} IS ${not}NULL`
      case 1:
        return `${left} ${not}BETWEEN ${this.#operand()} AND ${this.#operand()}`
      case 2:
        return `${left} ${not}IN ( ${Array.from({ length: 1 + this.#random.below(6) }, () => this.#text()).join(' , ')} )`
      case 3:
      case 4:
        return `${left} ${not}${this.#random.pick(['CONTAINS', 'STARTSWITH', 'ENDSWITH', 'contains'])} ${this.#text()}`
      case 5:
        return not + left
      default:
        return `${left} ${this.#random.pick(['=', '=', '<>', '<', '<=', '>', '>='])} ${this.#operand()}`
    }
  }

  #operand(): string {
    const kind = this.#random.below(100)
    if (kind < 40) return this.#random.pick(names)
    if (kind < 62) return this.#random.pick(this.#chance(4) ? oddWholes : wholes)
    if (kind < 74) return this.#random.pick(this.#chance(6) ? oddReals : reals)
    if (kind < 82) return this.#text()
    if (kind < 90) return `${this.#random.pick(['-', '+', '- -', '-'])} ${this.#operand()}`
    if (kind < 94) return this.#random.pick(['TRUE', 'false', 'NULL'])
    return kind < 97 ? `( ${this.#comparison()} )` : `NOT ${this.#operand()}`
  }

  #text(): string {
    return `'${this.#random.pick(texts).replaceAll("'", "''")}'`
  }
}

function judge(text: string, messages: readonly Properties[]): string {
  let expression: Expression
  try {
    ;({ expression } = parseSql92(text))
  } catch (error) {
    if (error instanceof Sql92SyntaxError) return 'E'
    throw error
  }
  return messages
    .map((properties) => {
      const value = evaluate(expression, (name) => properties[name] ?? null)
      return value === undefined ? 'X' : value === null ? 'N' : value === true ? 'T' : 'F'
    })
    .join('')
}

describe('SQL92 filters as RocketMQ 5.5.0 evaluates them', () => {
  it('10,000 expressions on 40 messages each', async () => {
    const random = new Random()
    const generator = new Generator(random)
    const messages = Array.from({ length: 40 }, () => generator.properties())
    const expressions = Array.from({ length: 10_000 }, () => generator.expression())
    const lines = [JSON.stringify(messages), ...expressions.map((text) => JSON.stringify(text))]
    const { stdout, stderr, exitCode } = await runJava([], ['FilterJudge'], `${lines.join('\n')}\n`)
    assert.equal(exitCode, 0, stderr)
    const theirs = stdout.trimEnd().split('\n')
    assert.equal(theirs.length, expressions.length)
    const differing = expressions.flatMap((text, i) => {
      const ours = judge(text, messages)
      return ours === theirs[i] ? [] : [`${text}\n  ours   ${ours}\n  theirs ${theirs[i]}`]
    })
    assert.deepEqual(differing.slice(0, 5), [], `${differing.length} differ; SEED=${random.seed} replays it`)
    // they say something: each verdict often enough, and not all of them refused
    const letters = theirs.join('')
    for (const letter of 'TFNX') assert.ok(letters.split(letter).length > 5000, `${letter} is rare`)
    const refused = theirs.filter((verdict) => verdict === 'E').length
    assert.ok(refused > 500 && refused < 7000, `${refused} refused`)
  })

  it('500 expressions on 40 stored messages, by a real broker and by ours', async () => {
    const random = new Random()
    const generator = new Generator(random)
    const messages = Array.from({ length: 40 }, () => generator.properties()).map(storable)
    const expressions = Array.from({ length: 2000 }, () => generator.expression())
      .filter(isSound)
      .slice(0, 500)
    assert.equal(expressions.length, 500)
    // off by default
    const real = await RealCluster.start({ brokerConf: { enablePropertyFilter: 'true' } })
    try {
      const theirs = await pulled(real, messages, expressions)
      const ours = await pulled(await targets['pocketmq serve'](), messages, expressions)
      const differing = expressions.filter((_, i) => theirs[i] !== ours[i])
      assert.deepEqual(differing.slice(0, 5), [], `SEED=${random.seed} replays it`)
      assert.ok(new Set(theirs).size > 100, 'they choose')
    } finally {
      await real.stop()
    }
  })
})

/** What a producer can send: no empty values, and a tag under its own name. */
function storable(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== ''))
}

/** A broker sends everything for one that is wrong. */
function isSound(text: string): boolean {
  try {
    parseSql92(text)
    return true
  } catch {
    return false
  }
}

/** For each expression the numbers of the messages that the broker lets pass. */
async function pulled(
  { namesrv }: Target,
  messages: readonly Properties[],
  expressions: readonly string[],
): Promise<readonly string[]> {
  const admin = await connect({ kind: 'cluster', namesrv: [namesrv] })
  const topic = freshName('Filters')
  await admin.topics.update(topicConfig(topic, { readQueueNums: 1, writeQueueNums: 1 }), {
    clusterName: 'DefaultCluster',
  })
  const producer = admin.messages.producer()
  for (const [i, { TAGS: tag, ...properties }] of messages.entries()) {
    const body = Buffer.from(String(i))
    await producer.send({ topic, body, properties, ...(tag !== undefined && { tag }) })
  }
  await eventually(async () => assert.equal((await pullAll(admin, topic)).length, messages.length))
  const passing: string[] = []
  for (const where of expressions) {
    const onWhereHere = (): never => assert.fail('the broker refuses SQL92')
    const found = await pullAll(admin, topic, { where, onWhereHere })
    passing.push(found.map(({ body }) => body.toString()).join(' '))
  }
  await admin.close()
  return passing
}
