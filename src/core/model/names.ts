import { limits } from './limits.ts'

/** Where clients with trace on send what they did: TopicValidator.RMQ_SYS_TRACE_TOPIC. */
export const traceTopic = 'RMQ_SYS_TRACE_TOPIC'
/**
 * TBW102: the topic whose queues unknown topics are made after; TopicValidator.AUTO_CREATE_TOPIC_KEY_TOPIC.
 */
export const autoCreateTopic = 'TBW102'
/** Group of mqadmin's own consumers; MixAll.TOOLS_CONSUMER_GROUP. */
export const toolsConsumerGroup = 'TOOLS_CONSUMER'
/** Group of mqadmin's own producers; MixAll.TOOLS_CONSUMER_GROUP's sibling in SendMessageCommand. */
export const toolsProducerGroup = 'TOOLS_PRODUCER'
export const retryPrefix = '%RETRY%'
export const dlqPrefix = '%DLQ%'

/** Groups every broker has: SubscriptionGroupManager.init. */
export const systemGroups: ReadonlySet<string> = new Set([
  toolsConsumerGroup,
  'FILTERSRV_CONSUMER',
  'SELF_TEST_C_GROUP',
  'CID_ONS-HTTP-PROXY',
  'CID_ONSAPI_PULL',
  'CID_ONSAPI_PERMISSION',
  'CID_ONSAPI_OWNER',
  'CID_RMQ_SYS_TRANS',
])

/** MixAll.isSysConsumerGroup, and those every broker has. */
export function isSystemGroup(group: string): boolean {
  return systemGroups.has(group) || group.startsWith('CID_RMQ_SYS_')
}

/** What Java does not call white space: a no-break space and a byte order mark neither. */
const inked = /\S|[\u00a0\u2007\u202f\ufeff]/
const legalName = /^[%|a-zA-Z0-9_-]+$/

/** Why a name cannot be a topic's, in RocketMQ's words (TopicValidator.validateTopic), or null. */
export function topicNameFault(topic: string): string | null {
  if (!inked.test(topic)) return 'The specified topic is blank.'
  if (!legalName.test(topic)) {
    return `The specified topic: ${topic}, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$`
  }
  if (topic.startsWith(retryPrefix) || topic.startsWith(dlqPrefix)) {
    return topic.length > limits.retryTopicSizeMax
      ? `The specified topic is DLQ or Retry topic: ${topic}, and it's longer than topic max length: ${limits.retryTopicSizeMax}`
      : null
  }
  return topic.length > limits.topicSizeMax
    ? `The specified topic: ${topic}, is longer than topic max length: ${limits.topicSizeMax}`
    : null
}

/** The same for groups (TopicValidator.validateGroup). */
export function groupNameFault(group: string): string | null {
  if (!inked.test(group)) return 'The specified group is blank.'
  if (!legalName.test(group)) {
    return `The specified group: ${group}, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$`
  }
  if (group.length > limits.groupSizeMax)
    return `The specified group: ${group}, is longer than group max length: ${limits.groupSizeMax}`
  return null
}
