import { inflateSync } from 'node:zlib'
import type { BrokerTopics, DataVersion } from '../../model/route.ts'
import type { TopicConfig } from '../../model/topic.ts'
import { json, JsonObject } from './codecs.ts'
import { parseFastjson } from './fastjson.ts'
import { readDataVersion, readTopicConfig } from './topics.ts'

/** What brokers and name servers tell each other: RegisterBrokerBody, DataVersion, BrokerMemberGroup. */

/** 50,000 topics take 5 MiB. */
const inflatedSizeMax = 32 * 1024 * 1024
/** Names that only count up come to 20; zlib ends at 1,032. */
const inflatedRatioMax = 100
/** Few topics are mostly the same words. */
const inflatedSizeAlways = 64 * 1024
const firstStateVersion = 0

export const dataVersion = json<DataVersion>('DataVersion', readDataVersion)

/** One broker name: its cluster, and addresses by id. */
export interface BrokerMembers {
  readonly cluster: string
  readonly brokerName: string
  readonly brokerAddrs: Readonly<Record<number, string>>
}

export const brokerMemberGroup = json<BrokerMembers>(
  'GetBrokerMemberGroupResponseBody',
  (from) => {
    const group = from.object('brokerMemberGroup')
    const addrs = group.object('brokerAddrs')
    const brokerAddrs = Object.fromEntries(addrs.names.map((id) => [Number(id), addrs.text(id)]))
    return { cluster: group.text('cluster'), brokerName: group.text('brokerName'), brokerAddrs }
  },
  ({ brokerAddrs, brokerName, cluster }) => ({
    brokerMemberGroup: {
      brokerAddrs: new Map(Object.entries(brokerAddrs).map(([id, address]) => [Number(id), address])),
      brokerName,
      cluster,
    },
  }),
)

/** As brokers of 5.x write it, without static topics' mappings. */
export function encodeRegistration({ dataVersion, topics }: BrokerTopics): Buffer {
  return Buffer.from(
    JSON.stringify({
      filterServerList: [],
      topicConfigSerializeWrapper: {
        dataVersion,
        mappingDataVersion: dataVersion,
        topicConfigTable: Object.fromEntries(topics.map((config) => [config.topicName, config])),
        topicQueueMappingDetailMap: {},
        topicQueueMappingInfoMap: {},
      },
    }),
  )
}

/**
 * RegisterBrokerBody.decode. An empty body is one of a broker before 3.0.11: no topics.
 * @throws SyntaxError, TypeError, RangeError for bytes that are none
 */
export function decodeRegistration(body: Buffer, compressed: boolean): BrokerTopics {
  if (body.length === 0) {
    return { dataVersion: { stateVersion: firstStateVersion, timestamp: 0, counter: 0 }, topics: [] }
  }
  if (compressed) return decodeCompressed(inflated(body))
  const wrapper = new JsonObject(parsed(body.toString('utf8'))).object('topicConfigSerializeWrapper')
  const table = wrapper.object('topicConfigTable')
  return {
    dataVersion: readDataVersion(wrapper.object('dataVersion')),
    topics: table.names.map((name) => readTopicConfig(table.object(name))),
  }
}

/** What is only there to fill memory is given up early. */
function inflated(body: Buffer): Buffer {
  const allowed = Math.max(inflatedSizeAlways, body.length * inflatedRatioMax)
  return inflateSync(body, { maxOutputLength: Math.min(inflatedSizeMax, allowed) })
}

/** Plain JSON, as brokers write it, takes a fraction of the time: 50,000 topics must not stall it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return parseFastjson(text)
  }
}

/** remoting.md §9: a DataVersion, a count, then a line of text a topic; what follows is not looked at. */
function decodeCompressed(bytes: Buffer): BrokerTopics {
  let at = 0
  const int = (): number => {
    at += 4
    return bytes.readInt32BE(at - 4)
  }
  const text = (): string => {
    const size = int()
    if (size < 0 || at + size > bytes.length) throw new RangeError(`a text of ${size} bytes at ${at}`)
    at += size
    return bytes.toString('utf8', at - size, at)
  }
  const version = readDataVersion(new JsonObject(parseFastjson(text())))
  const count = int()
  const topics: TopicConfig[] = []
  for (let i = 0; i < count; i++) topics.push(parseTopicLine(text()))
  return { dataVersion: version, topics }
}

/** TopicConfig.encode: `name readQueueNums writeQueueNums perm topicFilterType [attributes]`. */
function parseTopicLine(line: string): TopicConfig {
  const [topicName = '', ...words] = line.split(' ')
  const [readQueueNums, writeQueueNums, perm] = words.map(Number)
  if (![readQueueNums, writeQueueNums, perm].every(Number.isSafeInteger))
    throw new SyntaxError(`not a topic: ${line}`)
  const attributes = words.slice(4).join(' ')
  return {
    topicName,
    readQueueNums: readQueueNums!,
    writeQueueNums: writeQueueNums!,
    perm: perm!,
    topicFilterType: words[3] === 'MULTI_TAG' ? 'MULTI_TAG' : 'SINGLE_TAG',
    topicSysFlag: 0,
    order: false,
    attributes: attributes === '' ? {} : new JsonObject(parseFastjson(attributes)).textMap(),
  }
}
