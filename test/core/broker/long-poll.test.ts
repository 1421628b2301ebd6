import assert from 'node:assert/strict'
import { LongPoll, type Arrival, type WaitingPull } from '../../../src/core/broker/long-poll.ts'
import { tagFilter } from '../../../src/core/broker/filter/tag.ts'
import type { Timers } from '../../../src/core/broker/ports.ts'
import { FakeChannel } from './test-broker.ts'

/** What was put off is done when a test says so. */
class Later implements Timers {
  readonly #acts: (() => void)[] = []

  after(): () => void {
    return () => undefined
  }

  soon(act: () => void): void {
    this.#acts.push(act)
  }

  /** @returns how many there were */
  run(): number {
    const acts = this.#acts.splice(0)
    for (const act of acts) act()
    return acts.length
  }
}

describe('LongPoll', () => {
  let later: Later
  let waiters: LongPoll
  let retried: string[]

  beforeEach(() => {
    later = new Later()
    waiters = new LongPoll(later)
    retried = []
  })

  function park(name: string, change: Partial<WaitingPull> = {}): FakeChannel {
    const channel = new FakeChannel()
    const filter = tagFilter('*')
    const retry = (): void => void retried.push(name)
    const giveUp = (): void => void retried.push(`${name} in vain`)
    waiters.park({
      channel,
      group: 'g',
      topic: 't',
      queueId: 0,
      offset: 5,
      timeoutMs: 10,
      filter,
      retry,
      giveUp,
      ...change,
    })
    return channel
  }

  const arrival = (queueOffset: number, change: Partial<Arrival> = {}): Arrival => ({
    topic: 't',
    queueId: 0,
    queueOffset,
    tagsCode: 0,
    read: () => assert.fail('a tag is no reason to read'),
    ...change,
  })

  it('never looks while a commit is under way, and once for all that came with it', () => {
    park('a')
    park('b', { queueId: 1 })
    for (let offset = 5; offset < 100; offset++) waiters.arrived(arrival(offset))
    waiters.arrived(arrival(7, { queueId: 1 }))
    assert.deepEqual(retried, [])
    assert.equal(later.run(), 1)
    assert.deepEqual(retried, ['a', 'b'])
    waiters.arrived(arrival(100))
    assert.equal(later.run(), 0, 'nobody waits')
  })

  it('wakes nobody by a record before the offset, of another queue or another tag', () => {
    park('early', { offset: 6 })
    park('elsewhere', { queueId: 1 })
    park('picky', { filter: tagFilter('x') })
    waiters.arrived(arrival(5))
    later.run()
    assert.deepEqual(retried, [])
  })

  it('does not answer who goes while another is answered, and answers nobody twice', () => {
    for (const wake of [
      () => waiters.arrived(arrival(5)),
      () => waiters.topicChanged('t', 0),
      () => waiters.wakeAll(),
    ]) {
      retried = []
      const gone = park('first', { retry: () => waiters.disconnected(gone) })
      park('of the same connection', { channel: gone })
      park('stays')
      wake()
      later.run()
      assert.deepEqual(retried, ['stays'])
    }
  })

  it('does not answer who has gone meanwhile, nor twice when all are woken', () => {
    const channel = park('gone')
    park('stays')
    waiters.arrived(arrival(5))
    waiters.disconnected(channel)
    waiters.wakeAll()
    later.run()
    assert.deepEqual(retried, ['stays'])
  })
})
