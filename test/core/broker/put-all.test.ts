import assert from 'node:assert/strict'
import fc from 'fast-check'
import { folderAddress, LoopbackInvoker } from '../../../src/core/embedded/loopback-invoker.ts'
import { offsetMsgId } from '../../../src/core/model/ids.ts'
import type { ReplyOf } from '../../../src/core/remoting/requests/index.ts'
import { callOf, type SendBatch, type StoredSends } from '../../../src/core/remoting/send-batch.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { ManualTime } from './test-broker.ts'

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

const headers = fc.record({
  topic: fc.constantFrom('T', 'T', 'T', 'U', '%RETRY%G', 'RMQ_SYS_TRACE_TOPIC', 'a b', 't'.repeat(128)),
  sysFlag: fc.constantFrom(0, 0, 0, 4),
  reconsumeTimes: fc.constantFrom(0, 0, 1),
})
const messages = fc
  .record({
    queueId: fc.constantFrom(0, 1, 3, 9),
    section: sections,
    body: fc.constantFrom('', 'x', 'x', 'x', 'y'.repeat(5000)),
    propertiesSize: fc.constantFrom(0, 0, 0, 0, 11_000, 33_000),
  })
  .map(({ queueId, section, body, propertiesSize }) => {
    const large = propertiesSize === 0 ? '' : `large\u0001${'v'.repeat(propertiesSize)}\u0002`
    return { queueId, properties: `UNIQ_KEY\u0001first\u0002${large}${section}`, body: Buffer.from(body) }
  })
const batches = fc
  .tuple(headers, fc.array(messages, { minLength: 1, maxLength: 8 }))
  .map(([header, all]): SendBatch => {
    const common = { producerGroup: 'PG', defaultTopic: 'TBW102', defaultTopicQueueNums: 4, flag: 7 }
    return {
      header: { ...common, bornTimestamp: 5, ...header },
      queueIds: all.map(({ queueId }) => queueId),
      properties: all.map(({ properties }) => properties),
      bodies: all.map(({ body }) => body),
    }
  })

/** The answer to one of them. */
function replyOf({ queueIds }: SendBatch, sends: StoredSends, i: number): SendReply {
  const { first, storeHost, queueOffsets, physicalOffsets } = sends
  const header = {
    msgId: offsetMsgId(storeHost, physicalOffsets[i]!),
    queueId: queueIds[first + i]!,
    queueOffset: queueOffsets[i]!,
    recallHandle: undefined,
    MSG_REGION: 'DefaultRegion',
    TRACE_ON: 'true',
    transactionId: 'first',
  }
  return { code: 0, remark: null, header, body: null }
}

/** What is stored, and what was answered. */
async function outcome(folder: string, batches: readonly SendBatch[], together: boolean) {
  const invoker = new LoopbackInvoker({ folder, clock: new ManualTime() }, true)
  try {
    const replies = await new Promise<unknown[]>((resolve) => {
      const seen: unknown[] = []
      let left = batches.reduce((sum, { bodies }) => sum + bodies.length, 0)
      const onReply = (i: number, error: Error | null, reply: SendReply | null): void => {
        assert.equal(seen[i], undefined)
        seen[i] = error ?? reply
        if (--left === 0) resolve(seen)
      }
      let from = 0
      for (const batch of batches) {
        const begin = from
        from += batch.bodies.length
        if (together) {
          invoker.submitAll(folderAddress, batch, {
            stored: (sends) =>
              sends.queueOffsets.forEach((_, i) =>
                onReply(begin + sends.first + i, null, replyOf(batch, sends, i)),
              ),
            answered: (i, ...answer) => onReply(begin + i, ...answer),
          })
          continue
        }
        batch.bodies.forEach((_, i) =>
          invoker.submit(folderAddress, 'SEND_MESSAGE_V2', callOf(batch, i), (...answer) =>
            onReply(begin + i, ...answer),
          ),
        )
      }
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
      fc.asyncProperty(fc.array(batches, { minLength: 1, maxLength: 2 }), async (sends) => {
        const path = `${folder.path}/${run++}`
        const alone = await outcome(`${path}-alone`, sends, false)
        assert.deepEqual(await outcome(`${path}-together`, sends, true), alone)
      }),
      { numRuns: 20 },
    )
  }).timeout(60_000)
})
