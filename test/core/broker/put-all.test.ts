import assert from 'node:assert/strict'
import fc from 'fast-check'
import { folderAddress, LoopbackInvoker } from '../../../src/core/embedded/loopback-invoker.ts'
import type { CallOf, ReplyOf } from '../../../src/core/remoting/requests/index.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { ManualTime } from './test-broker.ts'

type SendCall = CallOf<'SEND_MESSAGE_V2'>
type SendReply = ReplyOf<'SEND_MESSAGE_V2'>

const pairs = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('KEYS\u0001k\u0002', 'TAGS\u0001t\u0002', 'WAIT\u0001true\u0002') },
  fc.constantFrom('DELAY\u00011\u0002', 'TIMER_DELAY_MS\u00015000\u0002', 'TRAN_MSG\u0001true\u0002'),
  fc.constantFrom('CLUSTER\u0001other\u0002', 'TRACE_ON\u0001false\u0002', 'UNIQ_KEY\u0001second\u0002'),
  fc.constantFrom(
    'DEDUP_KEY\u0001d\u0002',
    'POP_CK\u0001x\u0002',
    'a\u0001b',
    'user\u0001DELAY\u0002',
    'DELAY\u0002',
  ),
)
const sections = fc.array(pairs, { maxLength: 4 }).map((parts) => parts.join(''))

const sends = fc
  .record({
    topic: fc.constantFrom('T', 'T', 'T', 'U', '%RETRY%G', 'RMQ_SYS_TRACE_TOPIC', 'a b'),
    queueId: fc.constantFrom(0, 1, 3, 9),
    sysFlag: fc.constantFrom(0, 0, 0, 4),
    reconsumeTimes: fc.constantFrom(0, 0, 1),
    section: sections,
    body: fc.constantFrom('', 'x', 'x', 'x', 'y'.repeat(5000)),
    propertiesSize: fc.constantFrom(0, 0, 0, 0, 11_000, 33_000),
  })
  .map(({ section, body, propertiesSize, ...header }): SendCall => {
    const large = propertiesSize === 0 ? '' : `large\u0001${'v'.repeat(propertiesSize)}\u0002`
    const common = { producerGroup: 'PG', defaultTopic: 'TBW102', defaultTopicQueueNums: 4, flag: 7 }
    const properties = `UNIQ_KEY\u0001first\u0002${large}${section}`
    return { header: { ...common, bornTimestamp: 5, ...header, properties }, body: Buffer.from(body) }
  })

/** What is stored, and what was answered. */
async function outcome(folder: string, calls: readonly SendCall[], together: boolean) {
  const invoker = new LoopbackInvoker({ folder, clock: new ManualTime() }, true)
  try {
    const replies = await new Promise<unknown[]>((resolve) => {
      const seen: unknown[] = []
      let left = calls.length
      const onReply = (i: number, error: Error | null, reply: SendReply | null): void => {
        assert.equal(seen[i], undefined)
        seen[i] = error ?? reply
        if (--left === 0) resolve(seen)
      }
      if (together) invoker.submitAll(folderAddress, calls, onReply)
      else
        calls.forEach((call, i) =>
          invoker.submit(folderAddress, 'SEND_MESSAGE_V2', call, (...answer) => onReply(i, ...answer)),
        )
    })
    const records: Buffer[] = []
    for (const topic of [
      'T',
      'U',
      '%RETRY%G',
      'SCHEDULE_TOPIC_XXXX',
      'rmq_sys_wheel_timer',
      'RMQ_SYS_TRANS_HALF_TOPIC',
    ])
      for (let queueId = 0; queueId < 4; queueId++) {
        const reply = await invoker.invoke(folderAddress, 'PULL_MESSAGE', {
          header: {
            ...{
              consumerGroup: 'TOOLS_CONSUMER',
              topic,
              queueId,
              queueOffset: 0,
              maxMsgNums: 100,
              sysFlag: 4,
            },
            ...{ commitOffset: 0, suspendTimeoutMillis: 0, subscription: '*', subVersion: 0 },
          },
          body: undefined,
        })
        if (reply.body !== null) records.push(reply.body)
      }
    return { replies, records: Buffer.concat(records).toString('latin1') }
  } finally {
    await invoker.close()
  }
}

describe('messages that are sent together', () => {
  const folder = temporaryFolder()

  it('are answered and stored as when each is sent alone', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(sends, { minLength: 1, maxLength: 12 }), async (calls) => {
        const path = `${folder.path}/${run++}`
        const alone = await outcome(`${path}-alone`, calls, false)
        assert.deepEqual(await outcome(`${path}-together`, calls, true), alone)
      }),
      { numRuns: 25 },
    )
  })
})
