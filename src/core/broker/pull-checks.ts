import { MqError } from '../errors.ts'
import type { Subscription } from '../model/client-data.ts'
import { Perm } from '../model/topic.ts'
import type { Clients } from './clients.ts'
import type { MessageFilter } from './filter/message-filter.ts'
import { parseFilter } from './filter/parse-filter.ts'
import type { Groups } from './groups.ts'
import type { PullRequest } from './pull.ts'
import type { Settings } from './settings.ts'
import type { Topics } from './topics.ts'

/** What a broker looks at before anyone reads a queue: PullMessageProcessor, broker-behaviour.md §4. */
export class PullChecks {
  readonly #settings: Settings
  readonly #topics: Topics
  readonly #groups: Groups
  readonly #clients: Clients

  constructor(settings: Settings, topics: Topics, groups: Groups, clients: Clients) {
    this.#settings = settings
    this.#topics = topics
    this.#groups = groups
    this.#clients = clients
  }

  /** Checks 2 to 7, in its order. @throws MQ_NO_PERMISSION, MQ_TOPIC_NOT_EXIST, MQ_INVALID_PARAMETER */
  readable(group: string, topic: string, queueId: number): void {
    if (!this.#settings.allows(Perm.read))
      throw new MqError('MQ_NO_PERMISSION', 'the broker pulling message is forbidden')
    if (!this.#groups.getOrCreate(group).consumeEnable) {
      throw new MqError('MQ_NO_PERMISSION', `subscription group no permission, ${group}`)
    }
    const config = this.#topics.existing(topic)
    if (!(config.perm & Perm.read))
      throw new MqError('MQ_NO_PERMISSION', `the topic[${topic}] pulling message is forbidden`)
    if (queueId < 0 || queueId >= config.readQueueNums) {
      throw new MqError(
        'MQ_INVALID_PARAMETER',
        `queueId[${queueId}] is illegal, topic:[${topic}] topicConfig.readQueueNums:[${config.readQueueNums}]`,
      )
    }
  }

  /** Check 8. @throws MQ_SUBSCRIPTION_*, MQ_FILTER_DATA_NOT_EXIST */
  filter({ group, topic, subscription, subVersion }: PullRequest): MessageFilter {
    if (subscription !== null) return parseFilter(subscription.type, subscription.expression)
    if (this.#clients.consumerGroup(group) === null) {
      throw new MqError('MQ_SUBSCRIPTION_NOT_EXIST', `the consumer's group info not exist, group: ${group}`)
    }
    const registered = this.#clients.subscription(group, topic)
    if (registered === null) {
      throw new MqError(
        'MQ_SUBSCRIPTION_NOT_EXIST',
        `the consumer's subscription not exist, group: ${group}, topic: ${topic}`,
      )
    }
    if (registered.subVersion < subVersion) {
      throw new MqError('MQ_SUBSCRIPTION_NOT_LATEST', "the consumer's subscription not latest")
    }
    return registeredFilter(registered)
  }
}

/** A heartbeat is taken with whatever expression: it is the pull that fails. */
function registeredFilter({ expressionType, subString }: Subscription): MessageFilter {
  try {
    return parseFilter(expressionType, subString)
  } catch (error) {
    if (!(error instanceof MqError) || expressionType === 'TAG') throw error
    throw new MqError(
      'MQ_FILTER_DATA_NOT_EXIST',
      `The broker's consumer filter data is not exist!Your expression may be wrong! ${error.message}`,
      { hint: error.hint },
    )
  }
}
