import assert from 'node:assert/strict'
import { Filters } from '../../../src/core/client/filters.ts'
import type { Message } from '../../../src/core/model/message.ts'

const ok = { code: 0, remark: null }
const refusal = { code: 1, remark: 'The broker does not support consumer to filter message by SQL92' }

const message = (tag: string | null, properties: Readonly<Record<string, string>>): Message =>
  ({ tag, properties }) as Message

describe('filters at brokers', () => {
  let filters: Filters
  let asked: string[]
  let told: number

  beforeEach(() => {
    filters = new Filters()
    asked = []
    told = 0
  })

  const ask = (
    address: string,
    options: { readonly tag?: string; readonly where?: string },
    refuses = false,
  ): Promise<{ accepts: (message: Message) => boolean }> =>
    filters.ask(address, { ...options, onWhereHere: () => told++ }, (expression, type) => {
      asked.push(`${type} ${expression}`)
      return Promise.resolve(refuses && type === 'SQL92' ? refusal : ok)
    })

  it('are the broker’s for SQL92, the tag among its properties', async () => {
    const { accepts } = await ask('a', { where: 'n > 1', tag: "x || it's" })
    assert.deepEqual(asked, ["SQL92 TAGS IN ('x', 'it''s') AND (n > 1)"])
    assert.equal(accepts(message(null, {})), true)
    await ask('a', { where: 'n > 1' })
    assert.deepEqual([asked.at(-1), told], ['SQL92 n > 1', 0])
  })

  it('compare the text of tags, which brokers know by hash', async () => {
    const { accepts } = await ask('a', { tag: 'Aa' })
    assert.deepEqual(asked, ['TAG Aa'])
    assert.deepEqual(
      ['Aa', 'BB', null].map((tag) => accepts(message(tag, {}))),
      [true, false, false],
    )
    assert.equal((await ask('a', {})).accepts(message(null, {})), true)
  })

  it('are evaluated here for a broker that refuses, which is asked for SQL92 once', async () => {
    const { accepts } = await ask('a', { where: 'n > 1', tag: 'x' }, true)
    assert.deepEqual(asked, ["SQL92 TAGS IN ('x') AND (n > 1)", 'TAG x'])
    const cases = [
      message('x', { n: '2' }),
      message('y', { n: '2' }),
      message('x', { n: '1' }),
      message('x', {}),
    ]
    assert.deepEqual(cases.map(accepts), [true, false, false, false])
    await ask('a', { where: 'n > 1' }, true)
    assert.deepEqual([asked.slice(2), told], [['TAG *'], 2])
    await ask('b', { where: 'n > 1' })
    assert.deepEqual([asked.at(-1), told], ['SQL92 n > 1', 2])
  })
})
