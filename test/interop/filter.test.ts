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
import { Sql92Generator, type Properties } from '../fuzz/sql92-generator.ts'
import { runJava } from './jvm.ts'
import { RealCluster } from './real-cluster.ts'
import { targets, type Target } from './targets.ts'

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
    const generator = new Sql92Generator(random)
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
    const generator = new Sql92Generator(random)
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
