import { MqError } from '../../errors.ts'
import type { ClientConnection, ConsumerStatus } from '../../model/client-data.ts'
import { parseOffsetMsgId } from '../../model/ids.ts'
import type { QueueOffset } from '../../model/stats.ts'
import { versionText } from '../../model/versions.ts'
import { answerOfError, type Handlers } from '../../remoting/handlers.ts'
import type { Broker } from '../broker.ts'
import type { ClientAnswered, ClientChannel } from '../ports.ts'

/** MQVersion.V3_1_8_SNAPSHOT: clients before it do not understand what they are asked. */
const versionMin = 62

/** What a broker asks consumers for others, AdminBrokerProcessor.callConsumer: 223, 307, 309. */
export function askClientHandlers(broker: Broker): Handlers {
  const { push } = broker
  return {
    GET_CONSUMER_RUNNING_INFO(_context, { header }, reply) {
      const { consumerGroup: group, clientId, jstackEnable } = header
      const { channel } = consumerOf(broker, group, clientId)
      const asked = { group, clientId, jstack: jstackEnable === true }
      push.runningInfo(channel, asked, passedOn(group, clientId, reply))
    },
    CONSUME_MESSAGE_DIRECTLY(_context, { header }, reply) {
      const { consumerGroup: group, clientId = '', msgId = '', topic } = header
      const at = parseOffsetMsgId(msgId)
      if (at === null) throw new MqError('MQ_INVALID_PARAMETER', `${msgId} is no offset id of a message`)
      const record = broker.store.record(at.commitLogOffset)
      if (record === null)
        throw new MqError('MQ_FAILED', `no message begins at ${at.commitLogOffset} of the commit log`)
      const { channel } = consumerOf(broker, group, clientId)
      const topicSysFlag = topic === undefined ? undefined : broker.topics.get(topic)?.topicSysFlag
      const groupSysFlag = broker.groups.get(group)?.groupSysFlag
      const asked = { group, clientId, msgId, topic, topicSysFlag, groupSysFlag, record }
      push.consumeDirectly(channel, asked, passedOn(group, clientId, reply))
    },
    INVOKE_BROKER_TO_GET_CONSUMER_STATUS(_context, { header }, reply) {
      const { group, topic, clientAddr: only = '' } = header
      const members = broker.clients.consumers(group)
      if (members.length === 0)
        throw new MqError('MQ_FAILED', `No Any Consumer online in the consumer group: [${group}]`)
      const asked = members.filter(({ connection }) => only.trim() === '' || connection.clientId === only)
      statusOf(broker, asked, { group, topic }, (status) => reply({ body: status }))
    },
  }
}

/** @throws MQ_FAILED: not online, or too old to be asked */
function consumerOf(broker: Broker, group: string, clientId: string): { readonly channel: ClientChannel } {
  const member = broker.clients.consumers(group).find(({ connection }) => connection.clientId === clientId)
  if (member === undefined) throw new MqError('MQ_FAILED', `The Consumer <${group}> <${clientId}> not online`)
  const { version } = member.connection
  if (version >= versionMin) return member
  const why = `Version <${versionText(version)}> too low to finish, please upgrade it to V3_1_8_SNAPSHOT`
  throw new MqError('MQ_FAILED', `The Consumer <${clientId}> ${why}`)
}

type Said<T> = { readonly code: number; readonly remark?: string; readonly body?: T }

/** Whatever the client said. */
function passedOn<T>(group: string, clientId: string, reply: (said: Said<T>) => void): ClientAnswered<T> {
  return (error, answer) => {
    if (error !== null) {
      const { code, remark } = answerOfError(error)
      const timedOut = error.code === 'MQ_CONSUME_MSG_TIMEOUT'
      const who = `consumer <${group}> <${clientId}>`
      return reply({
        code,
        remark: timedOut ? `${who} Timeout: ${remark}` : `invoke ${who} Exception: ${remark}`,
      })
    }
    const { code, remark, body } = answer!
    reply({ code, ...(remark !== null && { remark }), ...(body !== null && { body }) })
  }
}

interface Member {
  readonly channel: ClientChannel
  readonly connection: ClientConnection
}

/** All at once; one that does not answer is left out, as in Broker2Client.getConsumeStatus. */
function statusOf(
  broker: Broker,
  members: readonly Member[],
  asked: { readonly group: string; readonly topic: string },
  done: (status: ConsumerStatus) => void,
): void {
  const status: Record<string, readonly QueueOffset[]> = {}
  let open = members.length
  if (open === 0) return done(status)
  for (const { channel, connection } of members) {
    broker.push.heldOffsets(channel, asked, (error, answer) => {
      if (error === null && answer!.body !== null) status[connection.clientId] = answer!.body
      if (--open === 0) done(status)
    })
  }
}
