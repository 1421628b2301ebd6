import type { MessageTrack } from '../core/client/admin.ts'
import type { ConsumeDirectlyResult } from '../core/model/client-data.ts'
import type { Message, SendResult } from '../core/model/message.ts'
import type { MessageQueue } from '../core/model/queue.ts'
import type { TopicRoute } from '../core/model/route.ts'

/**
 * The texts of Java's toString() and of fastjson that mqadmin prints. Maps keep our order: Java's is that of
 * its hash table.
 */
export const javaText = {
  message,
  queue,
  map,
  sendResult,
  track,
  consumeDirectly,
  localTime,
  seconds,
  route,
  pretty,
}

/** Client's MessageExt; `msgId` is the offset id there. */
function message(m: Message): string {
  return (
    `MessageExt [brokerName=${m.brokerName}, queueId=${m.queueId}, storeSize=${m.storeSize}, ` +
    `queueOffset=${m.queueOffset}, sysFlag=${m.sysFlag}, bornTimestamp=${m.bornTimestamp}, ` +
    `bornHost=/${m.bornHost}, storeTimestamp=${m.storeTimestamp}, storeHost=/${m.storeHost}, ` +
    `msgId=${m.offsetMsgId}, commitLogOffset=${m.commitLogOffset}, bodyCRC=${m.bodyCrc}, ` +
    `reconsumeTimes=${m.reconsumeTimes}, preparedTransactionOffset=${m.preparedTransactionOffset}, ` +
    `toString()=Message{topic='${m.topic}', flag=${m.flag}, properties=${map(m.properties)}, ` +
    `body=${bytes(m.body)}, transactionId='null'}]`
  )
}

function queue(q: MessageQueue): string {
  return `MessageQueue [topic=${q.topic}, brokerName=${q.brokerName}, queueId=${q.queueId}]`
}

function map(entries: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(entries).map(([key, value]) => `${key}=${value}`)
  return `{${pairs.join(', ')}}`
}

/** Java's bytes have a sign. */
function bytes(body: Buffer): string {
  return `[${new Int8Array(body.buffer, body.byteOffset, body.length).join(', ')}]`
}

function sendResult(topic: string, r: SendResult): string {
  return (
    `SendResult [sendStatus=${r.sendStatus}, msgId=${r.msgId}, offsetMsgId=${r.offsetMsgId}, ` +
    `messageQueue=${queue({ topic, ...r })}, queueOffset=${r.queueOffset}, recallHandle=null]`
  )
}

function track(t: MessageTrack): string {
  return (
    `MessageTrack [consumerGroup=${t.consumerGroup}, trackType=${t.trackType}, ` +
    `exceptionDesc=${t.exceptionDesc ?? 'null'}]`
  )
}

function consumeDirectly(r: ConsumeDirectlyResult): string {
  return (
    `ConsumeMessageDirectlyResult [order=${r.order}, autoCommit=${r.autoCommit}, ` +
    `consumeResult=${r.consumeResult}, remark=${r.remark ?? 'null'}, spentTimeMills=${r.spentTimeMills}]`
  )
}

/** UtilAll.timeMillisToHumanString2: `2026-11-23 00:35:19,400`, in this machine's zone unless `utc`. */
function localTime(timestamp: number, utc: boolean): string {
  const date = new Date(timestamp)
  if (Number.isNaN(date.getTime())) return String(timestamp) // clients may claim any number
  const shifted = utc ? date : new Date(timestamp - date.getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 23).replace('T', ' ').replace('.', ',')
}

/** UtilAll.YYYY_MM_DD_HH_MM_SS */
function seconds(timestamp: number, utc: boolean): string {
  return localTime(timestamp, utc).replace(/,\d{3}$/, '')
}

/** fastjson's pretty form of a bean: tabs, members by name, and a line of nothing in an empty array. */
function pretty(value: object): string {
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return fastjson(Object.fromEntries(sorted), '', false)
}

/** fastjson's pretty form with tabs, the integer keys of brokerAddrs without quotes. */
function route(r: TopicRoute): string {
  return fastjson({ ...r }, '', false)
}

function fastjson(value: unknown, indent: string, integerKeys: boolean): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = indent + '\t'
  const lines = Array.isArray(value)
    ? value.map((item: unknown) => inner + fastjson(item, inner, false))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => {
          const name = integerKeys ? key : JSON.stringify(key)
          return `${inner}${name}:${fastjson(item, inner, key === 'brokerAddrs')}`
        })
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  if (lines.length === 0) return Array.isArray(value) ? `[\n${inner}\n${indent}]` : '{}'
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`
}

/** `%-50s=  %s`, as mqadmin prints configurations; sorted, where Java has the order of its hash table. */
export function propertyLines(properties: Readonly<Record<string, string>>): string {
  return Object.keys(properties)
    .sort()
    .map((name) => `${name.padEnd(50)}=  ${properties[name]!}\n`)
    .join('')
}
