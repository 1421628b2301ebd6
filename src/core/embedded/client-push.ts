import type { ClientPush } from '../broker/ports.ts'
import { formatHost } from '../model/host.ts'
import { offsetMsgId } from '../model/ids.ts'
import { halfTopic } from '../model/transaction.ts'
import type { RemotingServer } from '../remoting/server.ts'

/** What a broker tells clients, as requests of the protocol. @param server null: nobody is connected yet */
export function remotingPush(server: () => RemotingServer | null, brokerName: () => string): ClientPush {
  return {
    consumerIdsChanged: (channel, consumerGroup) =>
      void server()?.push(channel, 'NOTIFY_CONSUMER_IDS_CHANGED', {
        header: { consumerGroup },
        body: undefined,
      }),
    checkTransaction: (channel, { queueOffset, commitLogOffset, storeHost, uniqueKey, record }) => {
      const header = {
        bname: brokerName(),
        topic: halfTopic,
        tranStateTableOffset: queueOffset,
        commitLogOffset,
        msgId: uniqueKey,
        transactionId: uniqueKey,
        offsetMsgId: offsetMsgId(storeHost, commitLogOffset),
      }
      return server()?.push(channel, 'CHECK_TRANSACTION_STATE', { header, body: record }) ?? false
    },
    reply: (channel, request, storeTimestamp) => {
      const { topic, defaultTopic, defaultTopicQueueNums, queueId, sysFlag, flag, bornTimestamp } = request
      const header = {
        ...{ topic, defaultTopic, defaultTopicQueueNums, queueId, sysFlag, flag, bornTimestamp },
        producerGroup: request.producerGroup ?? '',
        properties: request.properties,
        reconsumeTimes: request.reconsumeTimes,
        unitMode: request.unitMode,
        bornHost: formatHost(request.bornHost),
        storeHost: formatHost(request.storeHost),
        storeTimestamp,
      }
      const call = { header, body: request.body }
      return server()?.push(channel, 'PUSH_REPLY_MESSAGE_TO_CLIENT', call) ?? false
    },
  }
}
