/** Names that are paths, commands, too long or made of what looks like letters, and where they are said. */
import type { CallOf, RequestName } from '../../src/core/remoting/requests/index.ts'
import { groupConfig } from '../../src/core/model/group.ts'
import { frame, rawFrame } from './frames.ts'

const chosen: readonly string[] = [
  '../../../../tmp/pocketmq-evil', '..', '.', '/etc/passwd', 'a/b', 'a\\b', 'a\0b', '%2e%2e%2f', 'CON',
  'a b', 'a\nb', 'x'.repeat(121), 'x'.repeat(128), 'x'.repeat(256), '%RETRY%a/b', `%RETRY%${'x'.repeat(249)}`,
  'ｏrders', 'оrders', '\u202eorders', '😀', '', ' ', "'; DROP TABLE topic; --", '$(id)', '`id`', '-rf', 'a@b',
  '__proto__', 'constructor', 'hasOwnProperty',
] // prettier-ignore

const pieces = [
  '../', '..\\', '/', '\0', '%00', '%2e%2e', '.', '\r\n', '\t', ' ', 'CON', 'NUL', '~', '$HOME', '`id`',
  '|id', ';', '&&', '<', '>', '"', "'", '*', '?', ':', '@', '#', 'о', 'ａ', '\u200b', '\u202e', '\ufeff',
  '😀', 'a', 'Z', '0', '_', '-', '%RETRY%', '%DLQ%', 'etc', 'passwd', 'state.db', 'pocketmq',
] // prettier-ignore

/** The chosen ones first. @param random from 0 to below 1 */
export function hostileNames(count: number, random: () => number): string[] {
  const below = (n: number): number => Math.floor(random() * n)
  const made = Array.from({ length: Math.max(0, count - chosen.length) }, () => {
    const length = random() < 0.05 ? 100 + below(100) : 1 + below(6)
    return Array.from({ length }, () => pieces[below(pieces.length)]!).join('')
  })
  return [...chosen, ...made].slice(0, count)
}

/** A request, given its number. */
export type Asked = (opaque: number) => Buffer

function encoded<N extends RequestName>(name: N, call: CallOf<N>): Asked {
  return (opaque) => frame(name, call, opaque)
}

const queues = { readQueueNums: 1, writeQueueNums: 1, perm: 6, topicFilterType: 'SINGLE_TAG', order: false }
const send = (topic: string): CallOf<'SEND_MESSAGE_V2'> => ({
  header: {
    producerGroup: 'p', topic, defaultTopic: 'TBW102', defaultTopicQueueNums: 4, queueId: 0, sysFlag: 0,
    bornTimestamp: 0, flag: 0, properties: '', reconsumeTimes: 0, unitMode: false, batch: false,
  },
  body: Buffer.from('x'),
}) // prettier-ignore
const pull = (consumerGroup: string, topic: string): CallOf<'PULL_MESSAGE'> => ({
  header: {
    consumerGroup, topic, queueId: 0, queueOffset: 0, maxMsgNums: 1, sysFlag: 4, commitOffset: 0,
    suspendTimeoutMillis: 0, subscription: '*', subVersion: 0,
  },
  body: undefined,
}) // prettier-ignore
const offset = (consumerGroup: string, topic: string): CallOf<'UPDATE_CONSUMER_OFFSET'> => ({
  header: { topic, queueId: 0, consumerGroup, commitOffset: 1 },
  body: undefined,
})
export const knownTopic = 'HostileT'
export const knownGroup = 'HostileG'

/** What a broker is asked with a name; topic and group that are known are there. */
export const probes: Readonly<Record<string, (name: string) => Asked>> = {
  'make a topic': (topic) =>
    encoded('UPDATE_AND_CREATE_TOPIC', {
      header: { topic, defaultTopic: 'TBW102', ...queues },
      body: undefined,
    }),
  'make a group': (name) =>
    encoded('UPDATE_AND_CREATE_SUBSCRIPTIONGROUP', { header: {}, body: groupConfig(name) }),
  'send to a topic': (topic) => encoded('SEND_MESSAGE_V2', send(topic)),
  'pull for a group': (group) => encoded('PULL_MESSAGE', pull(group, knownTopic)),
  'pull from a topic': (topic) => encoded('PULL_MESSAGE', pull(knownGroup, topic)),
  'commit for a group': (group) => encoded('UPDATE_CONSUMER_OFFSET', offset(group, knownTopic)),
  'commit of a topic': (topic) => encoded('UPDATE_CONSUMER_OFFSET', offset(knownGroup, topic)),
  'offset of a topic': (topic) =>
    encoded('QUERY_CONSUMER_OFFSET', {
      header: { topic, queueId: 0, consumerGroup: knownGroup },
      body: undefined,
    }),
  'configuration of a topic': (topic) => encoded('GET_TOPIC_CONFIG', { header: { topic }, body: undefined }),
  'statistics of a topic': (topic) => encoded('GET_TOPIC_STATS_INFO', { header: { topic }, body: undefined }),
  'members of a group': (consumerGroup) =>
    encoded('GET_CONSUMER_LIST_BY_GROUP', { header: { consumerGroup }, body: undefined }),
}

const noTopics = { dataVersion: { stateVersion: 0, timestamp: 0, counter: 0 }, topicConfigTable: {} }
const aBroker = { clusterName: 'c', brokerId: '0', haServerAddr: '', compressed: 'false', bodyCrc32: '0' }

/** Names that nobody checks, RocketMQ neither: they are kept in memory, or in a table. */
export const uncheckedProbes: Readonly<Record<string, (name: string) => Asked>> = {
  'a client': (clientId) =>
    encoded('HEART_BEAT', {
      header: {},
      body: { clientId, producerGroups: [clientId], consumers: [], fingerprint: 0, withoutSub: false },
    }),
  'a broker': (brokerName) => {
    const fields = { ...aBroker, brokerName, brokerAddr: `${brokerName}:1` }
    const body = Buffer.from(JSON.stringify({ topicConfigSerializeWrapper: noTopics, filterServerList: [] }))
    return (opaque) => rawFrame(103, fields, body, opaque)
  },
  'a name server’s key': (name) =>
    encoded('PUT_KV_CONFIG', { header: { namespace: name, key: name, value: name }, body: undefined }),
}

export function makeKnown(): Asked[] {
  return [probes['make a topic']!(knownTopic), probes['make a group']!(knownGroup)]
}
