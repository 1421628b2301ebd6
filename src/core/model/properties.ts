/** Property names with a meaning to broker or client; RocketMQ's MessageConst. */
export const Property = {
  keys: 'KEYS',
  tags: 'TAGS',
  waitStoreOk: 'WAIT',
  delayLevel: 'DELAY',
  retryTopic: 'RETRY_TOPIC',
  realTopic: 'REAL_TOPIC',
  realQueueId: 'REAL_QID',
  transactionPrepared: 'TRAN_MSG',
  producerGroup: 'PGROUP',
  transactionId: '__transactionId__',
  checkImmunitySec: 'CHECK_IMMUNITY_TIME_IN_SECONDS',
  checkTimes: 'TRANSACTION_CHECK_TIMES',
  atomicId: 'ATOMIC_ID',
  correlationId: 'CORRELATION_ID',
  replyToClient: 'REPLY_TO_CLIENT',
  ttl: 'TTL',
  messageType: 'MSG_TYPE',
  pushReplyTime: 'PUSH_REPLY_TIME',
  uniqueKey: 'UNIQ_KEY',
  cluster: 'CLUSTER',
  region: 'MSG_REGION',
  traceOn: 'TRACE_ON',
  originMessageId: 'ORIGIN_MESSAGE_ID',
  dlqOriginTopic: 'DLQ_ORIGIN_TOPIC',
  dlqOriginMessageId: 'DLQ_ORIGIN_MESSAGE_ID',
  shardingKey: '__SHARDINGKEY',
  deliverMs: 'TIMER_DELIVER_MS',
  delayMs: 'TIMER_DELAY_MS',
  delaySec: 'TIMER_DELAY_SEC',
  timerOutMs: 'TIMER_OUT_MS',
  timerEnqueueMs: 'TIMER_ENQUEUE_MS',
  timerDequeueMs: 'TIMER_DEQUEUE_MS',
  timerDeleteKey: 'TIMER_DEL_UNIQKEY',
  innerNum: 'INNER_NUM',
  dedupKey: 'DEDUP_KEY',
  dedupWindowMs: 'DEDUP_WINDOW_MS',
  popCheckpoint: 'POP_CK',
  crc32: '__CRC32#',
} as const

const nameEnd = '\u0001'
const pairEnd = '\u0002'

/** MessageConst.KEY_SEPARATOR */
export const keySeparator = ' '

/**
 * The property section of a record: `name 0x01 value 0x02 …`. Reads as
 * MessageDecoder.string2messageProperties: pieces shorter than three characters, without name or without
 * value are dropped.
 */
export function parseProperties(section: string): Record<string, string> {
  // no prototype: names come from the network
  const properties = Object.create(null) as Record<string, string>
  let at = 0
  while (at < section.length) {
    const found = section.indexOf(pairEnd, at)
    const end = found === -1 ? section.length : found
    const split = section.indexOf(nameEnd, at)
    if (end - at >= 3 && split > at && split < end - 1) {
      properties[section.slice(at, split)] = section.slice(split + 1, end)
    }
    at = end + 1
  }
  return properties
}

export function formatProperties(properties: Readonly<Record<string, string>>): string {
  let section = ''
  for (const name in properties) section += name + nameEnd + properties[name]! + pairEnd
  return section
}

/** Without the pairs of these names; the section itself when it has none of them. */
export function withoutProperties(section: string, names: readonly string[]): string {
  if (!names.some((name) => section.includes(name))) return section
  const parsed = parseProperties(section)
  for (const name of names) Reflect.deleteProperty(parsed, name)
  return formatProperties(parsed)
}

/**
 * One property's value, read where it stands: no record of all of them is made. Made once a name, since
 * joining the name and its separator for each look-up costs more than the look-up.
 */
export function propertyReader(name: string): (section: string) => string | null {
  const head = name + nameEnd
  return (section) => {
    // from the end: of pairs with one name the last that has a value counts, as when all are parsed
    for (let at = section.lastIndexOf(head); at !== -1; at = section.lastIndexOf(head, at - 1)) {
      // the name may be the end of a longer one, or stand in a value
      if (at === 0 || section[at - 1] === pairEnd) {
        const end = section.indexOf(pairEnd, at)
        const value = section.slice(at + head.length, end === -1 ? undefined : end)
        if (value !== '') return value
      }
      if (at === 0) break
    }
    return null
  }
}

export const keysOf = propertyReader(Property.keys)
export const tagOf = propertyReader(Property.tags)
export const uniqueKeyOf = propertyReader(Property.uniqueKey)

/** True for text that the encoding cannot carry: it has no escapes and Java checks nothing. */
export function breaksProperties(text: string): boolean {
  return text.includes(nameEnd) || text.includes(pairEnd)
}
