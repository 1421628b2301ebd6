/** Permission bits of a topic or queue; RocketMQ's PermName. */
export const Perm = { inherit: 1, write: 2, read: 4, priority: 8 } as const

/** PermName.isValid, which RocketMQ's clients check: brokers take any number. */
export const permMax = Perm.priority - 1

/** RocketMQ's TopicConfig. */
export interface TopicConfig {
  readonly topicName: string
  readonly readQueueNums: number
  readonly writeQueueNums: number
  readonly perm: number
  readonly topicFilterType: 'SINGLE_TAG' | 'MULTI_TAG'
  readonly topicSysFlag: number
  readonly order: boolean
  /** Keys without sign as stored; with `+` or `-` in an update. */
  readonly attributes: Readonly<Record<string, string>>
}

/** Java's PermName.perm2String: `RW-`, `RWX`. */
export function permText(perm: number): string {
  return `${perm & Perm.read ? 'R' : '-'}${perm & Perm.write ? 'W' : '-'}${perm & Perm.inherit ? 'X' : '-'}`
}

/** Java's TopicConfig.toString, which updateTopic prints last. */
export function topicConfigText(config: TopicConfig): string {
  const attributes = Object.entries(config.attributes).map(([key, value]) => `${key}=${value}`)
  return (
    `TopicConfig [topicName=${config.topicName}, readQueueNums=${config.readQueueNums}, ` +
    `writeQueueNums=${config.writeQueueNums}, perm=${permText(config.perm)}, ` +
    `topicFilterType=${config.topicFilterType}, topicSysFlag=${config.topicSysFlag}, ` +
    `order=${config.order}, attributes={${attributes.join(', ')}}]`
  )
}
