import { MqError } from '../../errors.ts'
import type { Handlers } from '../../remoting/handlers.ts'
import type { Broker } from '../broker.ts'
import { commitLogOffsetOf } from '../../model/index-key.ts'
import { queryMessages } from '../query.ts'

/** MessageStoreConfig.maxMsgsNumBatch and defaultQueryMaxNum */
const queryCountMax = 64
const uniqueKeyCountMax = 32

/** QueryMessageProcessor: 12, 33. */
export function messageHandlers(broker: Broker): Handlers {
  return {
    QUERY_MESSAGE(_context, { header }, reply) {
      const countMax =
        header._UNIQUE_KEY_QUERY === 'true'
          ? uniqueKeyCountMax
          : Math.min(Math.max(1, header.maxNum), queryCountMax)
      const last = header.lastKey === undefined ? null : commitLogOffsetOf(header.lastKey)
      const records = queryMessages(broker.store, {
        topic: header.topic,
        key: header.key,
        by: header.indexType === 'T' ? 'tag' : 'key',
        begin: header.beginTimestamp,
        end: header.endTimestamp,
        countMax,
        ...(last !== null && { behind: last }),
      })
      if (records.length === 0)
        throw new MqError('MQ_NOT_FOUND', 'can not find message, maybe time range not correct')
      reply({
        header: { indexLastUpdateTimestamp: 0, indexLastUpdatePhyoffset: broker.store.commitLogMaxOffset },
        body: Buffer.concat(records),
      })
    },
    VIEW_MESSAGE_BY_ID(_context, { header }, reply) {
      const record = broker.store.record(header.offset)
      if (record === null)
        throw new MqError('MQ_FAILED', `can not find message by the offset, ${header.offset}`)
      reply({ body: record })
    },
  }
}
