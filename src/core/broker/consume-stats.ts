import type { ConsumeStats } from '../model/client-data.ts'
import type { Broker } from './broker.ts'

/** Over the read queues of each topic; an offset never committed is sent as 0, as RocketMQ does. */
export function consumeStats(broker: Broker, group: string, topics: readonly string[]): ConsumeStats {
  const offsets = topics.flatMap((topic) => {
    const queues = broker.topics.get(topic)?.readQueueNums ?? 0
    return Array.from({ length: queues }, (_, queueId) => {
      const consumerOffset = broker.offsets.get(topic, group, queueId) ?? 0
      return {
        queue: { topic, brokerName: broker.brokerName, queueId },
        brokerOffset: broker.store.extent(topic, queueId).endOffset,
        consumerOffset,
        pullOffset: consumerOffset,
        lastTimestamp: broker.storeTimestamp(topic, queueId, consumerOffset - 1) ?? 0,
      }
    })
  })
  return { consumeTps: 0, offsets }
}
