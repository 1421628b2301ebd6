import { groupConfig, type SubscriptionGroupConfig } from '../core/model/group.ts'
import { Perm, type TopicConfig } from '../core/model/topic.ts'
import type { ConfigReader } from './config-list.ts'
import { readRetryPolicy } from './retry-policy.ts'

/** TopicConfig's default */
const queueNums = 16

/** A topic as RocketMQ's files have it. @throws MQ_INPUT */
export function topicConfigFrom(from: ConfigReader): TopicConfig {
  return {
    topicName: from.text('topicName'),
    readQueueNums: from.count('readQueueNums', queueNums),
    writeQueueNums: from.count('writeQueueNums', queueNums),
    perm: from.count('perm', Perm.read | Perm.write),
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: from.count('topicSysFlag', 0),
    order: from.flag('order', false),
    attributes: from.texts('attributes'),
  }
}

/** A group as RocketMQ's files have it. @throws MQ_INPUT */
export function groupConfigFrom(from: ConfigReader): SubscriptionGroupConfig {
  const defaults = groupConfig(from.text('groupName'))
  const policy = from.object('groupRetryPolicy')
  return {
    ...defaults,
    consumeEnable: from.flag('consumeEnable', defaults.consumeEnable),
    consumeFromMinEnable: from.flag('consumeFromMinEnable', defaults.consumeFromMinEnable),
    consumeBroadcastEnable: from.flag('consumeBroadcastEnable', defaults.consumeBroadcastEnable),
    consumeMessageOrderly: from.flag('consumeMessageOrderly', defaults.consumeMessageOrderly),
    retryQueueNums: from.count('retryQueueNums', defaults.retryQueueNums),
    retryMaxTimes: from.count('retryMaxTimes', defaults.retryMaxTimes),
    groupRetryPolicy: policy === null ? defaults.groupRetryPolicy : readRetryPolicy(policy),
    brokerId: from.count('brokerId', defaults.brokerId),
    whichBrokerWhenConsumeSlowly: from.count(
      'whichBrokerWhenConsumeSlowly',
      defaults.whichBrokerWhenConsumeSlowly,
    ),
    notifyConsumerIdsChangedEnable: from.flag(
      'notifyConsumerIdsChangedEnable',
      defaults.notifyConsumerIdsChangedEnable,
    ),
    groupSysFlag: from.count('groupSysFlag', defaults.groupSysFlag),
    consumeTimeoutMinute: from.count('consumeTimeoutMinute', defaults.consumeTimeoutMinute),
    attributes: from.texts('attributes'),
  }
}
