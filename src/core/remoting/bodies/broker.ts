import { parseProperties } from '../../lib/java-properties.ts'
import type { HaStatus } from '../../model/ha.ts'
import type { BrokerStatsData, ConsumeQueue, StatsItem } from '../../model/stats.ts'
import type { Body } from '../schema.ts'
import { readSubscription } from './bodies.ts'
import { json, type JsonObject } from './codecs.ts'

/** Bodies of the requests about a broker itself; each names its Java class. */

/**
 * `key=value` lines, sorted by key and not escaped: MixAll.properties2String. Read as Java reads properties,
 * with its escapes.
 */
export const propertiesText: Body<Readonly<Record<string, string>>> = {
  about: 'Java properties, a line each',
  requestSizeMax: 64 * 1024,
  encode: (properties) => {
    const lines = Object.keys(properties)
      .sort()
      .map((name) => `${name}=${properties[name]!}`)
    const broken = lines.find((line) => /[\r\n\0]/.test(line))
    if (broken !== undefined) throw new TypeError(`no property: ${JSON.stringify(broken)}`)
    return Buffer.from(lines.map((line) => `${line}\n`).join(''))
  },
  decode: (body) => parseProperties(body.toString('utf8')),
}

function readStatsItem(from: JsonObject): StatsItem {
  return { sum: from.number('sum'), tps: from.number('tps'), avgpt: from.number('avgpt') }
}

export const brokerStatsData = json<BrokerStatsData>('BrokerStatsData', (from) => ({
  statsMinute: readStatsItem(from.object('statsMinute')),
  statsHour: readStatsItem(from.object('statsHour')),
  statsDay: readStatsItem(from.object('statsDay')),
}))

export const consumeQueueBody = json<ConsumeQueue>(
  'QueryConsumeQueueResponseBody',
  (from) => ({
    subscription: from.has('subscriptionData') ? readSubscription(from.object('subscriptionData')) : null,
    filterData: from.textOrNull('filterData'),
    maxQueueIndex: from.number('maxQueueIndex'),
    minQueueIndex: from.number('minQueueIndex'),
    entries: from.objects('queueData').map((entry) => ({
      physicOffset: entry.number('physicOffset'),
      physicSize: entry.number('physicSize'),
      tagsCode: entry.number('tagsCode'),
      extendDataJson: entry.textOrNull('extendDataJson'),
      bitMap: entry.textOrNull('bitMap'),
      eval: entry.flag('eval'),
      msg: entry.textOrNull('msg'),
    })),
  }),
  ({ subscription, entries, ...rest }) => ({ ...rest, subscriptionData: subscription, queueData: entries }),
)

export const haRuntimeInfo = json<HaStatus>(
  'HARuntimeInfo',
  (from) => {
    const client = from.object('haClientRuntimeInfo')
    return {
      master: from.flag('master'),
      masterCommitLogMaxOffset: from.number('masterCommitLogMaxOffset'),
      inSyncSlaveNums: from.number('inSyncSlaveNums'),
      slaves: from.objects('haConnectionInfo').map((each) => ({
        addr: each.text('addr'),
        slaveAckOffset: each.number('slaveAckOffset'),
        diff: each.number('diff'),
        inSync: each.flag('inSync'),
        transferredByteInSecond: each.number('transferredByteInSecond'),
        transferFromWhere: each.number('transferFromWhere'),
      })),
      client: {
        masterAddr: client.text('masterAddr'),
        transferredByteInSecond: client.number('transferredByteInSecond'),
        maxOffset: client.number('maxOffset'),
        lastReadTimestamp: client.number('lastReadTimestamp'),
        lastWriteTimestamp: client.number('lastWriteTimestamp'),
        masterFlushOffset: client.number('masterFlushOffset'),
      },
    }
  },
  ({ slaves, client, ...rest }) => ({ ...rest, haConnectionInfo: slaves, haClientRuntimeInfo: client }),
)
