/** RocketMQ's GroupRetryPolicy: when a message comes again that was consumed in vain. */
export interface GroupRetryPolicy {
  readonly type: 'CUSTOMIZED' | 'EXPONENTIAL'
  /** ms: initial × multiplier^n, at most max. */
  readonly exponentialRetryPolicy: {
    readonly initial: number
    readonly max: number
    readonly multiplier: number
  } | null
  /** ms, one after the other, then the last again. */
  readonly customizedRetryPolicy: { readonly next: readonly number[] } | null
}

/** RocketMQ's SubscriptionGroupConfig; members in the order its toString has. */
export interface SubscriptionGroupConfig {
  readonly groupName: string
  readonly consumeEnable: boolean
  readonly consumeFromMinEnable: boolean
  readonly consumeBroadcastEnable: boolean
  readonly consumeMessageOrderly: boolean
  readonly retryQueueNums: number
  readonly retryMaxTimes: number
  readonly groupRetryPolicy: GroupRetryPolicy
  readonly brokerId: number
  readonly whichBrokerWhenConsumeSlowly: number
  readonly notifyConsumerIdsChangedEnable: boolean
  readonly groupSysFlag: number
  readonly consumeTimeoutMinute: number
  readonly subscriptionDataSet: readonly SimpleSubscription[] | null
  /** Keys without sign as stored; with `+` or `-` in an update. */
  readonly attributes: Readonly<Record<string, string>>
}

/** RocketMQ's SimpleSubscriptionData. */
export interface SimpleSubscription {
  readonly topic: string
  readonly expressionType: string
  readonly expression: string
  readonly version: number
}

const plainRetryPolicy: GroupRetryPolicy = {
  type: 'CUSTOMIZED',
  exponentialRetryPolicy: null,
  customizedRetryPolicy: null,
}

/** A group as a broker makes it at its first use: SubscriptionGroupConfig's defaults. */
export function groupConfig(groupName: string): SubscriptionGroupConfig {
  return {
    groupName,
    consumeEnable: true,
    consumeFromMinEnable: true,
    consumeBroadcastEnable: true,
    consumeMessageOrderly: false,
    retryQueueNums: 1,
    retryMaxTimes: 16,
    groupRetryPolicy: plainRetryPolicy,
    brokerId: 0,
    whichBrokerWhenConsumeSlowly: 1,
    notifyConsumerIdsChangedEnable: true,
    groupSysFlag: 0,
    consumeTimeoutMinute: 15,
    subscriptionDataSet: null,
    attributes: {},
  }
}

/** Java's SubscriptionGroupConfig.toString, which updateSubGroup prints. */
export function groupConfigText(config: SubscriptionGroupConfig): string {
  return `SubscriptionGroupConfig{${groupConfigPairs(config)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')}}`
}

/** Each member as Java prints it. */
export function groupConfigPairs(config: SubscriptionGroupConfig): [name: string, value: string][] {
  return Object.entries({ ...config }).map(([name, value]) => [name, memberText(name, value)])
}

function memberText(name: string, value: unknown): string {
  if (name === 'groupRetryPolicy') return retryPolicyText(value as GroupRetryPolicy)
  if (name === 'attributes') return mapText(value as Readonly<Record<string, string>>)
  if (name === 'subscriptionDataSet' && value !== null) return JSON.stringify(value)
  return String(value)
}

function retryPolicyText({
  type,
  exponentialRetryPolicy: exponential,
  customizedRetryPolicy: customized,
}: GroupRetryPolicy): string {
  const first = exponential === null ? 'null' : `ExponentialRetryPolicy${mapText({ ...exponential })}`
  const second = customized === null ? 'null' : `CustomizedRetryPolicy{next=[${customized.next.join(', ')}]}`
  return `GroupRetryPolicy{type=${type}, exponentialRetryPolicy=${first}, customizedRetryPolicy=${second}}`
}

function mapText(map: Readonly<Record<string, string | number>>): string {
  return `{${Object.entries(map)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')}}`
}
