import assert from 'node:assert/strict'
import type { Producer } from '../../src/core/client/admin.ts'
import { MqError } from '../../src/core/errors.ts'
import type { NewMessage, SendResult, SendStatus } from '../../src/core/model/message.ts'
import { BulkSend } from '../../src/input/bulk-send.ts'
import type { Draft } from '../../src/input/draft.ts'

const drafts = (...bodies: string[]): Draft[] =>
  bodies.map((body, i) => ({ line: i + 1, message: { topic: 'T', body: Buffer.from(body) } }))

const resultOf = (message: NewMessage, sendStatus: SendStatus = 'SEND_OK'): SendResult => ({
  ...{
    sendStatus,
    msgId: message.body.toString(),
    offsetMsgId: '',
    brokerName: 'b',
    queueId: 0,
    queueOffset: 0,
    recallHandle: null,
    transactionId: null,
    duplicate: null,
  },
})

/** Answers at flush only, last first; bodies `bad…` fail, `slow…` are stored with FLUSH_DISK_TIMEOUT. */
class LateProducer implements Producer {
  #waiting: (() => void)[] = []

  submit(
    message: NewMessage,
    _queue: unknown,
    done: (error: Error | null, result: SendResult | null) => void,
  ): Promise<void> | null {
    const body = message.body.toString()
    const settle = () => {
      if (body.startsWith('bad')) done(new MqError('MQ_NO_PERMISSION', 'no'), null)
      else done(null, resultOf(message, body.startsWith('slow') ? 'FLUSH_DISK_TIMEOUT' : 'SEND_OK'))
    }
    if (body.endsWith('at once')) settle()
    else this.#waiting.push(settle)
    return null
  }

  send(): Promise<SendResult> {
    throw new Error('not used')
  }

  flush(): Promise<void> {
    for (const settle of this.#waiting.splice(0).reverse()) settle()
    return Promise.resolve()
  }
}

async function sent(batches: AsyncIterable<Draft[]> | Draft[][], interrupted = new AbortController().signal) {
  const bulk = new BulkSend(new LateProducer(), null, interrupted)
  const ids: string[] = []
  let error: Error | null = null
  try {
    for await (const results of bulk.results(batches)) ids.push(...results.map(({ msgId }) => msgId))
  } catch (thrown) {
    error = thrown as Error
  }
  return { ids, error: error as MqError | null, count: bulk.sent }
}

describe('BulkSend', () => {
  it('gives results in the order of the input', async () => {
    assert.deepEqual(await sent([drafts('a', 'b'), drafts('c')]), {
      ids: ['a', 'b', 'c'],
      error: null,
      count: 3,
    })
  })

  it('gives a result although more input is awaited', async () => {
    const input = (async function* () {
      yield await Promise.resolve(drafts('at once'))
      await new Promise(() => undefined)
    })()
    const bulk = new BulkSend(new LateProducer(), null, new AbortController().signal)
    const first: IteratorResult<readonly SendResult[], unknown> = await bulk.results(input).next()
    assert.deepEqual(first, { done: false, value: [resultOf(drafts('at once')[0]!.message)] })
  })

  it('sends no more when results are no longer taken', async () => {
    let given = 0
    const input = (async function* () {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve))
        yield drafts(...Array.from({ length: 1000 }, () => 'at once'))
        given += 1000
      }
    })()
    const bulk = new BulkSend(new LateProducer(), null, new AbortController().signal)
    for await (const result of bulk.results(input)) if (result[0]!.msgId === 'at once') break
    const taken = given
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(given <= taken + 1000)
  })

  it('says which lines failed and how many were sent', async () => {
    const { ids, error, count } = await sent([drafts('a', 'bad', 'c', 'bad')])
    assert.deepEqual(ids, ['a', 'c'])
    assert.equal(count, 2)
    assert.equal(error?.code, 'MQ_PARTIAL')
    assert.equal(error.message, 'line 2, 4 not sent: no; 2 messages sent')
  })

  it('keeps the code of the failure when nothing was sent, and reads no more', async () => {
    let batches = 0
    const input = (async function* () {
      for (;;) {
        batches++
        yield await Promise.resolve(drafts('bad at once', 'b'))
      }
    })()
    const { error } = await sent(input)
    assert.equal(error?.code, 'MQ_NO_PERMISSION')
    assert.equal(batches, 1)
  })

  it('sends what stood before bad input, and says so', async () => {
    const input = (async function* () {
      yield await Promise.resolve(drafts('a', 'b'))
      throw new MqError('MQ_INPUT', 'line 3: bad', { hint: 'h' })
    })()
    const { ids, error } = await sent(input)
    assert.deepEqual(ids, ['a', 'b'])
    assert.equal(error?.code, 'MQ_INPUT')
    assert.equal(error.message, 'line 3: bad; 2 messages sent before')
  })

  it('counts what is stored less safely as sent, and fails', async () => {
    const { ids, error } = await sent([drafts('a', 'slow')])
    assert.deepEqual(ids, ['a', 'slow'])
    assert.equal(error?.code, 'MQ_FLUSH_DISK_TIMEOUT')
  })

  it('stops when interrupted and says how many were sent', async () => {
    const controller = new AbortController()
    const input = (async function* () {
      yield await Promise.resolve(drafts('a'))
      controller.abort()
      throw new Error('aborted')
    })()
    const { error } = await sent(input, controller.signal)
    assert.equal(error?.code, 'MQ_INTERRUPTED')
    assert.match(error.message, /1 message sent/)
  })
})
