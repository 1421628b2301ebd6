import type { ClientChannel, ClientPush } from '../broker/ports.ts'
import { MqError } from '../errors.ts'
import { formatHost } from '../model/host.ts'
import { offsetMsgId } from '../model/ids.ts'
import { halfTopic } from '../model/transaction.ts'
import type { OnAnswer } from '../remoting/questions.ts'
import type { CallOf, RequestName } from '../remoting/requests/index.ts'
import type { RemotingServer } from '../remoting/server.ts'

/** Broker2Client.callClient, and getConsumeStatus. */
const [callTimeoutMs, statusTimeoutMs] = [10_000, 5000]

/** What a broker tells clients, as requests of the protocol. @param server null: nobody is connected yet */
export function remotingPush(server: () => RemotingServer | null, brokerName: () => string): ClientPush {
  const ask = <N extends RequestName>(
    channel: ClientChannel,
    name: N,
    call: CallOf<N>,
    timeoutMs: number,
    done: OnAnswer<N>,
  ): void => {
    const asked = server()
    if (asked === null) return done(new MqError('MQ_FAILED', 'nothing is served yet'), null)
    asked.ask(channel, name, call, timeoutMs, done)
  }
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
    resetOffsets: (channel, { group, topic, timestamp, offsets, asList }) => {
      const call = { header: { group, topic, timestamp, isForce: true }, body: { offsets, asList } }
      return server()?.push(channel, 'RESET_CONSUMER_CLIENT_OFFSET', call) ?? false
    },
    runningInfo: (channel, { group: consumerGroup, clientId, jstack: jstackEnable }, done) => {
      const call = { header: { consumerGroup, clientId, jstackEnable }, body: undefined }
      ask(channel, 'GET_CONSUMER_RUNNING_INFO', call, callTimeoutMs, done)
    },
    consumeDirectly: (channel, { group: consumerGroup, record, ...rest }, done) => {
      const header = { consumerGroup, brokerName: brokerName(), ...rest }
      ask(channel, 'CONSUME_MESSAGE_DIRECTLY', { header, body: record }, callTimeoutMs, done)
    },
    heldOffsets: (channel, { group, topic }, done) => {
      const call = { header: { group, topic }, body: undefined }
      ask(channel, 'GET_CONSUMER_STATUS_FROM_CLIENT', call, statusTimeoutMs, done)
    },
  }
}
