import { ourVersionText } from '../model/versions.ts'
import type { Broker } from './broker.ts'

/**
 * GET_BROKER_RUNTIME_INFO's table: the keys that tools read and that mean something here. A broker without
 * thread pools has empty queues.
 */
export function runtimeInfo(broker: Broker): Record<string, string> {
  const { store, stats } = broker
  const now = broker.now()
  const earliest = broker.earliestMessageTimestamp()
  const disk = store.diskUsage()
  const diskRatio = disk.total === 0 ? 0 : disk.used / disk.total
  const queues = ['send', 'pull', 'litePull', 'query', 'ack'].flatMap((pool): [string, string][] => [
    [`${pool}ThreadPoolQueueSize`, '0'],
    [`${pool}ThreadPoolQueueHeadWaitTimeMills`, '0'],
    [`${pool}ThreadPoolQueueCapacity`, '0'],
  ])
  return {
    ...Object.fromEntries(queues),
    EndTransactionQueueSize: '0',
    atomicSendEnable: 'true',
    bootTimestamp: String(stats.startedAt),
    brokerActive: 'true',
    brokerVersionDesc: ourVersionText,
    commitLogDirCapacity: `Total : ${gib(disk.total)} GiB, Free : ${gib(disk.total - disk.used)} GiB.`,
    commitLogDiskRatio: String(diskRatio),
    commitLogMaxOffset: String(store.commitLogMaxOffset),
    commitLogMinOffset: String(store.commitLogMinOffset),
    consumeQueueDiskRatio: String(diskRatio),
    dedupEnable: 'true',
    dispatchBehindBytes: '0',
    earliestMessageTimeStamp: String(earliest ?? -1),
    getFoundTps: stats.getTps,
    getTotalTps: stats.getTps,
    getTransferredTps: stats.getTps,
    msgGetTotalTodayMorning: '0',
    msgGetTotalTodayNow: String(stats.getTotal),
    msgGetTotalYesterdayMorning: '0',
    msgPutTotalTodayMorning: '0',
    msgPutTotalTodayNow: String(stats.putTotal),
    msgPutTotalYesterdayMorning: '0',
    pageCacheLockTimeMills: '0',
    putMessageSizeTotal: String(stats.putBytes),
    putMessageTimesTotal: String(stats.putTotal),
    putTps: stats.putTps,
    runtime: runtimeText(now - stats.startedAt),
    startAcceptSendRequestTimeStamp: '0',
    timerCongestNum: '0',
    timerDequeueTps: '0.0',
    timerEnqueueTps: '0.0',
    timerOffsetBehind: '0',
    timerReadBehind: '0',
  }
}

function gib(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(2)
}

/** StoreStatsService.getFormatRuntime */
function runtimeText(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const [d, h, m, s] = [seconds / 86400, (seconds / 3600) % 24, (seconds / 60) % 60, seconds % 60].map(
    Math.floor,
  )
  return `[ ${d} days, ${h} hours, ${m} minutes, ${s} seconds ]`
}
