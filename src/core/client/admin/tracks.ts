import { MqError } from '../../errors.ts'
import type { Subscription } from '../../model/client-data.ts'
import type { Message } from '../../model/message.ts'
import { ResponseCode } from '../../remoting/response-codes.ts'
import type { MessageTrack, TrackType } from '../admin.ts'
import type { Invoker } from '../invoker.ts'
import { bodyOf } from '../name-servers.ts'

/** What each group did with a message: DefaultMQAdminExtImpl.messageTrackDetail. */
export async function messageTracks(
  invoker: Invoker,
  address: string,
  message: Message,
): Promise<MessageTrack[]> {
  const call = { header: { topic: message.topic }, body: undefined }
  const groups = bodyOf(
    await invoker.invoke(address, 'QUERY_TOPIC_CONSUME_BY_WHO', call),
    `groups of ${message.topic}`,
  )
  return Promise.all(groups.map((group) => messageTrack(invoker, address, message, group)))
}

async function messageTrack(
  invoker: Invoker,
  address: string,
  message: Message,
  group: string,
): Promise<MessageTrack> {
  const call = { header: { consumerGroup: group }, body: undefined }
  const members = await invoker.invoke(address, 'GET_CONSUMER_CONNECTION_LIST', call)
  const track = (trackType: TrackType, exceptionDesc: string | null = null): MessageTrack => ({
    consumerGroup: group,
    trackType,
    exceptionDesc,
  })
  if (members.code === ResponseCode.consumerNotOnline) {
    return track('NOT_ONLINE', `CODE:${members.code} DESC:${members.remark ?? ''}`)
  }
  const { consumeType, messageModel, subscriptions } = bodyOf(members, `members of ${group}`)
  if (consumeType === 'CONSUME_ACTIVELY') return track('PULL')
  if (messageModel === 'BROADCASTING') return track('CONSUME_BROADCASTING')
  if (!(await consumed(invoker, address, message, group))) return track('NOT_CONSUME_YET')
  return track(filteredOut(subscriptions, message) ? 'CONSUMED_BUT_FILTERED' : 'CONSUMED')
}

async function consumed(
  invoker: Invoker,
  address: string,
  message: Message,
  group: string,
): Promise<boolean> {
  const call = { header: { consumerGroup: group, topic: message.topic }, body: undefined }
  const reply = await invoker.invoke(address, 'GET_CONSUME_STATS', call)
  if (reply.code !== ResponseCode.success)
    throw MqError.fromResponse(reply.code, reply.remark, `progress of ${group}`)
  const row = reply.body?.offsets.find(
    ({ queue }) => queue.queueId === message.queueId && queue.brokerName === message.brokerName,
  )
  return row !== undefined && row.consumerOffset > message.queueOffset
}

function filteredOut(subscriptions: readonly Subscription[], message: Message): boolean {
  const subscription = subscriptions.find((each) => each.topic === message.topic)
  if (subscription === undefined || subscription.subString === '*') return false
  // one by SQL92 has none
  if (subscription.tagsSet.length === 0) return false
  return message.tag === null || !subscription.tagsSet.includes(message.tag)
}
