import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PopConsumer, PoppedMessage } from '../../src/core/client/admin.ts'
import type { Message } from '../../src/core/model/message.ts'
import { runJobs, type JobOutcome, type JobQueueOptions } from '../../src/input/job-queue.ts'
import { temporaryFolder } from '../core/temporary-folder.ts'

/** What a job reads of a message, and no more. */
function messageOf(body: string): Message {
  const told = {
    body: Buffer.from(body),
    properties: {},
    keys: [],
    tag: null,
    topic: 't',
    brokerName: 'b',
    msgId: body,
  }
  return told as unknown as Message
}

/** Messages in memory; `acking` is asked before one is acknowledged. */
class FakeConsumer implements PopConsumer {
  readonly acknowledged: string[] = []
  readonly #left: string[]
  readonly #acking: (body: string) => void

  constructor(bodies: readonly string[], acking: (body: string) => void) {
    this.#left = [...bodies]
    this.#acking = acking
  }

  pop(max: number): Promise<readonly PoppedMessage[]> {
    const popped = this.#left.splice(0, max)
    return Promise.resolve(
      popped.map((body) => ({ message: messageOf(body), receipt: body, invisibleUntil: Infinity })),
    )
  }

  async ack({ receipt }: PoppedMessage): Promise<boolean> {
    await Promise.resolve()
    this.#acking(receipt)
    this.acknowledged.push(receipt)
    return true
  }

  nack(): Promise<void> {
    return Promise.reject(new Error('no job fails here'))
  }

  renew(popped: PoppedMessage): Promise<PoppedMessage> {
    return Promise.resolve(popped)
  }
}

describe('runJobs', () => {
  const folder = temporaryFolder()
  const options: JobQueueOptions = {
    command: 'cat > /dev/null',
    parallel: 1,
    batch: 1,
    invisibleMs: 60_000,
    order: false,
    countMax: Infinity,
    follow: false,
    ended: () => false,
    outputTo: 2,
  }

  /** Outcomes until it ends, and why it failed. */
  async function outcomesOf(
    consumer: PopConsumer,
    change: Partial<JobQueueOptions>,
  ): Promise<{ done: string[]; failure: string | null }> {
    const done: string[] = []
    try {
      for await (const { message, outcome } of runJobs(consumer, { ...options, ...change }))
        done.push(`${message.msgId} ${outcome}`)
      return { done, failure: null }
    } catch (error) {
      return { done, failure: (error as Error).message }
    }
  }

  function failing(body: string): (acked: string) => void {
    return (acked) => {
      if (acked === body) throw new Error(`${body} cannot be acknowledged`)
    }
  }

  it('acknowledges and tells of the others of a batch when one cannot be acknowledged', async () => {
    const consumer = new FakeConsumer(['a', 'b', 'c', 'd'], failing('b'))
    const { done, failure } = await outcomesOf(consumer, { batch: 3 })
    assert.deepEqual(done, ['a ack', 'c ack'])
    assert.deepEqual(consumer.acknowledged, ['a', 'c'])
    assert.equal(failure, 'b cannot be acknowledged')
  })

  it('takes no more after a failure, and waits for the jobs that run', async () => {
    const release = join(folder.path, 'release')
    const consumer = new FakeConsumer(['slow', 'quick', 'never'], (body) => {
      if (body !== 'quick') return
      writeFileSync(release, '')
      throw new Error('quick cannot be acknowledged')
    })
    const command = `[ "$(cat)" = quick ] || until [ -e '${release}' ]; do sleep 0.01; done`
    const { done, failure } = await outcomesOf(consumer, { parallel: 2, command })
    assert.deepEqual(done, ['slow ack'])
    assert.deepEqual(consumer.acknowledged, ['slow'])
    assert.equal(failure, 'quick cannot be acknowledged')
  })

  it('waits for the jobs that run when no more can be taken, and when nobody listens any more', async () => {
    for (const leave of [false, true]) {
      const release = join(folder.path, `release ${leave}`)
      const consumer = new FakeConsumer(['quick', 'slow'], () => undefined)
      const command = `[ "$(cat)" = quick ] || until [ -e '${release}' ]; do sleep 0.01; done`
      const { pop } = consumer
      let asked = 0
      consumer.pop = (max) => {
        if (asked++ === 0) return pop.call(consumer, max)
        writeFileSync(release, '')
        return Promise.reject(new Error('no more'))
      }
      const told: JobOutcome[] = []
      const all = async (): Promise<void> => {
        for await (const outcome of runJobs(consumer, { ...options, parallel: 2, command })) {
          told.push(outcome)
          if (!leave) continue
          writeFileSync(release, '')
          break
        }
      }
      if (leave) await all()
      else await assert.rejects(all, /no more/)
      assert.deepEqual(consumer.acknowledged, ['quick', 'slow'])
      assert.equal(told.length, leave ? 1 : 2)
    }
  })
})
