import type { ConsumerRunningInfo, Scalars } from '../core/model/client-data.ts'
import { javaText } from './java-text.ts'
import { formatLine, parsePieces } from './printf.ts'

/** ConsumerRunningInfo.formatString, what mqadmin writes of one consumer. Properties are sorted. */
export function runningInfoText(info: ConsumerRunningInfo, utc: boolean): string {
  const { properties, subscriptions, queues, popQueues, status, userConsumerInfo, jstack } = info
  const pairs = (all: Readonly<Record<string, string>>): string[] =>
    Object.keys(all)
      .sort()
      .map((name) => `${name.padEnd(40)}: ${all[name]!}`)
  const byTopic = subscriptions.toSorted((a, b) => (a.topic < b.topic ? -1 : 1))
  const subscribed = byTopic.map(
    ({ topic, classFilterMode, subString }, i) =>
      `${String(i + 1).padStart(3, '0')} Topic: ${topic.padEnd(40)} ` +
      `ClassFilter: ${String(classFilterMode).padEnd(8)} SubExpression: ${subString}`,
  )
  const sections = [
    section('#Consumer Properties#', pairs(properties)),
    section('#Consumer Subscription#', subscribed),
    section('#Consumer Offset#', [
      line(wide, '#Topic', '#Broker Name', '#QID', '#Consumer Offset'.padEnd(20)),
      ...queues.map((each) => line(narrow, ...placeOf(each), textOf(each.info, 'commitOffset').padEnd(20))),
    ]),
    section('#Consumer MQ Detail#', [
      line(wide, '#Topic', '#Broker Name', '#QID', '#ProcessQueueInfo'.padEnd(20)),
      ...queues.map((each) => line(wide, ...placeOf(each), queueText(each.info, utc))),
    ]),
    section('#Consumer Pop Detail#', [
      line(narrow, '#Topic', '#Broker Name', '#QID', '#ProcessQueueInfo'.padEnd(20)),
      ...popQueues.map((each) => line(narrow, ...placeOf(each), popText(each.info))),
    ]),
    section('#Consumer RT&TPS#', [
      line(rates, ...rateTitles),
      ...Object.keys(status).map((topic) => line(topicRates, topic, ...ratesOf(status[topic]!))),
    ]),
    section('#User Consume Info#', pairs(userConsumerInfo)),
    ...(jstack === null ? [] : [`#Consumer jstack#\n${jstack}`]),
  ]
  return sections.join('\n\n')
}

const wide = parsePieces('%-64s  %-32s  %-4s  %s')
const narrow = parsePieces('%-32s  %-32s  %-4s  %s')
const rates = parsePieces('%-64s  %14s %14s %14s %14s %18s %25s')
const topicRates = parsePieces('%-32s  %14s %14s %14s %14s %18s %25s')
const rateTitles = [
  ...['#Topic', '#Pull RT', '#Pull TPS', '#Consume RT', '#ConsumeOK TPS'],
  ...['#ConsumeFailed TPS', '#ConsumeFailedMsgsInHour'],
]

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines].map((each) => `${each}\n`).join('')
}

function line(pieces: ReturnType<typeof parsePieces>, ...cells: readonly string[]): string {
  return formatLine(pieces, cells)
}

function placeOf(queue: { topic: string; brokerName: string; queueId: number }): [string, string, string] {
  return [queue.topic, queue.brokerName, String(queue.queueId)]
}

function textOf(info: Scalars, name: string): string {
  return String(info[name] ?? 0)
}

function ratesOf(status: Scalars): string[] {
  const names = ['pullRT', 'pullTPS', 'consumeRT', 'consumeOKTPS', 'consumeFailedTPS']
  return [...names.map((name) => Number(status[name] ?? 0).toFixed(2)), textOf(status, 'consumeFailedMsgs')]
}

/** ProcessQueueInfo */
function queueText(info: Scalars, utc: boolean): string {
  // UtilAll.timeMillisToHumanString: its digits only
  const when = (name: string): string => javaText.localTime(Number(info[name] ?? 0), utc).replace(/\D/g, '')
  const plain = (name: string): string => `${name}=${textOf(info, name)}`
  return `ProcessQueueInfo [${[
    ...['commitOffset', 'cachedMsgMinOffset', 'cachedMsgMaxOffset', 'cachedMsgCount'].map(plain),
    ...['cachedMsgSizeInMiB', 'transactionMsgMinOffset', 'transactionMsgMaxOffset'].map(plain),
    ...['transactionMsgCount', 'locked', 'tryUnlockTimes'].map(plain),
    `lastLockTimestamp=${when('lastLockTimestamp')}`,
    plain('droped'),
    `lastPullTimestamp=${when('lastPullTimestamp')}`,
    `lastConsumeTimestamp=${when('lastConsumeTimestamp')}`,
  ].join(', ')}]`
}

/** PopProcessQueueInfo */
function popText(info: Scalars): string {
  const pairs = ['waitAckCount', 'droped', 'lastPopTimestamp'].map((name) => `${name}:${textOf(info, name)}`)
  return `PopProcessQueueInfo{${pairs.join(', ')}}`
}
