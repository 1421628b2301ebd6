import assert from 'node:assert/strict'
import type { Broker } from '../../../src/core/broker/broker.ts'
import { SteadyClock, type Clock, type Timers } from '../../../src/core/lib/clock.ts'
import { decodeMessages } from '../../../src/core/model/message-codec.ts'
import { formatProperties } from '../../../src/core/model/properties.ts'
import { readRecord } from '../../../src/core/model/record.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { closeBroker, FakeChannel, ManualTime, openBroker, put, topicConfig } from './test-broker.ts'

const hour = 3_600_000
const stepMs = 250
const segmentSize = 16 * 1024

/** A server's time: timers and the steady clock go by what has passed, the machine's clock is set at will. */
class SetTime implements Clock, Timers {
  readonly #passed = new ManualTime()
  readonly #from = this.#passed.now()
  readonly #steady = new SteadyClock(
    () => this.machine,
    () => this.passedMs,
  )
  machine = this.#from

  get passedMs(): number {
    return this.#passed.now() - this.#from
  }

  now(): number {
    return this.#steady.now()
  }

  get aheadMs(): number {
    return this.#steady.aheadMs
  }

  after(ms: number, act: () => void): () => void {
    return this.#passed.after(ms, act)
  }

  soon(act: () => void): void {
    this.#passed.soon(act)
  }

  pass(ms: number): void {
    this.machine += ms
    this.#passed.advance(ms)
  }
}

/** What is done to the machine's clock: `step` each second, `jump` once. */
const jumps: readonly { readonly what: string; readonly jump: number; readonly step: number }[] = [
  { what: 'back by an hour', jump: -hour, step: 0 },
  { what: 'forward by a day', jump: 24 * hour, step: 0 },
  { what: 'back by ten years', jump: -10 * 365 * 24 * hour, step: 0 },
  { what: 'back by 0.4 s each second', jump: 0, step: -400 },
  { what: 'forward by 0.1 s each second', jump: 0, step: 100 },
]

for (const { what, jump, step } of jumps) {
  describe(`while the clock is set ${what}`, () => {
    const folder = temporaryFolder()
    let time: SetTime
    let broker: Broker

    beforeEach(() => {
      time = new SetTime()
      broker = openBroker(folder.path, time, undefined, { segmentSize })
      broker.topics.update(topicConfig('T', { readQueueNums: 1, writeQueueNums: 1 }))
      broker.due.start()
    })
    afterEach(() => closeBroker(broker))

    /** What arrived while time passed, and when: ms that had passed. */
    async function pass(ms: number, arrivals = new Map<string, number>()): Promise<Map<string, number>> {
      for (let done = 0; done < ms; done += stepMs) {
        time.pass(stepMs)
        if (done % 1000 === 0) time.machine += step
        await new Promise((resolve) => broker.store.whenSynced(resolve))
        for (const { body } of stored()) if (!arrivals.has(body)) arrivals.set(body, time.passedMs)
      }
      return arrivals
    }

    const stored = (): { body: string; storeTimestamp: number }[] =>
      broker.store.records('T', 0, broker.store.entries('T', 0, 0, 10_000)).map((bytes) => {
        const { body, storeTimestamp } = readRecord(bytes!, 0)
        return { body: body.toString(), storeTimestamp }
      })

    const send = (body: string, properties: Record<string, string> = {}, size = 0): Promise<unknown> =>
      put(broker, {
        body: Buffer.from(body.padEnd(size, '.')),
        properties: formatProperties({ UNIQ_KEY: body, ...properties }),
      })

    it('what is delayed comes in time, by the time that passes', async () => {
      await send('level', { DELAY: '3' })
      await send('relative', { TIMER_DELAY_MS: '15000' })
      await send('absolute', { TIMER_DELIVER_MS: String(time.machine + 20_000) })
      const arrivals = await pass(1000)
      assert.equal(arrivals.size, 0)
      time.machine += jump
      await send('level, after', { DELAY: '3' })
      await send('relative, after', { TIMER_DELAY_MS: '15000' })
      await send('absolute, after', { TIMER_DELIVER_MS: String(time.machine + 20_000) })
      await pass(30_000, arrivals)
      const expected = { level: 10_000, relative: 15_000, absolute: 20_000 }
      for (const [body, ms] of Object.entries(expected)) {
        const before = arrivals.get(body) ?? Infinity
        const after = (arrivals.get(`${body}, after`) ?? Infinity) - 1000
        assert.ok(before <= ms + 2000, `${body}: ${before} ms`)
        assert.ok(after <= ms + 2000, `${body}, after: ${after} ms`)
        // a clock that was set forward may as well have been a night asleep
        if (jump <= 0) assert.ok(before >= ms - 2000, `${body}: ${before} ms`)
        // what was named by a clock that is set each second is named wrong
        if (step === 0) assert.ok(after >= ms - 2000, `${body}, after: ${after} ms`)
      }
    })

    it('no segment goes before its time, and store times never fall', async () => {
      for (let i = 0; i < 40; i++) await send(`before ${i}`, {}, 1000)
      const begin = broker.store.commitLogMinOffset
      assert.ok(broker.store.commitLogMaxOffset > begin + 2 * segmentSize)
      time.machine += jump
      for (let i = 0; i < 40; i++) {
        await send(`after ${i}`, {}, 1000)
        await pass(1000)
      }
      broker.store.expire(broker.store.retention)
      assert.equal(broker.store.commitLogMinOffset, begin)
      const times = stored().map(({ storeTimestamp }) => storeTimestamp)
      assert.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
      )
      for (const [i, timestamp] of times.entries())
        assert.equal(broker.offsetByTime('T', 0, timestamp, false), times.indexOf(timestamp), `${i}`)
    })

    it('what was handed out comes again when its invisible time is over', async () => {
      const pop = (): string[] => {
        let bodies: string[] = []
        broker.pop(
          new FakeChannel(),
          {
            group: 'g',
            topic: 'T',
            queueId: -1,
            messagesMax: 32,
            invisibleMs: 10_000,
            expression: '*',
            expressionType: 'TAG',
            from: 'min',
            order: false,
            waitMs: 0,
          },
          ({ records }) => (bodies = decodeMessages(records, 'b').map(({ body }) => body.toString())),
        )
        return bodies
      }
      await send('job')
      assert.deepEqual(pop(), ['job'])
      await pass(1000)
      time.machine += jump
      if (jump <= 0) {
        await pass(step < 0 ? 8000 : 7000)
        assert.deepEqual(pop(), [])
      }
      await pass(4000)
      assert.deepEqual(pop(), ['job'])
    })
  })
}
