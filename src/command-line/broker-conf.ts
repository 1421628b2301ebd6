import { readFileSync } from 'node:fs'
import { MqError } from '../core/errors.ts'
import { parseProperties } from '../core/lib/java-properties.ts'
import { byteCount } from '../core/model/byte-count.ts'

/** What a broker.conf says that means something here. */
export interface BrokerConf {
  readonly clusterName?: string
  readonly brokerName?: string
  readonly port?: number
  readonly bind?: string
  readonly advertise?: string
  readonly namesrv?: string
  readonly store?: string
  readonly flush?: 'sync' | 'async'
  readonly segmentSize?: number
  readonly retentionHours?: number
  readonly retentionBytes?: number
  readonly autoCreateTopics?: boolean
  readonly messageDelayLevel?: string
  readonly transactionCheckMs?: number
}

type Reader = (value: string, name: string) => BrokerConf

/** RocketMQ's property names: BrokerConfig, NettyServerConfig, MessageStoreConfig. */
const readers: Readonly<Record<string, Reader>> = {
  brokerClusterName: (clusterName) => ({ clusterName }),
  brokerName: (brokerName) => ({ brokerName }),
  listenPort: (value, name) => ({ port: wholeNumber(value, name, 65_535) }),
  bindAddress: (bind) => ({ bind }),
  brokerIP1: (advertise) => ({ advertise }),
  namesrvAddr: (namesrv) => ({ namesrv }),
  storePathRootDir: (store) => ({ store }),
  mappedFileSizeCommitLog: (value, name) => ({ segmentSize: wholeNumber(value, name, 0x7fff_ffff) }),
  fileReservedTime: (value, name) => ({ retentionHours: wholeNumber(value, name, 1_000_000) }),
  // not RocketMQ's: a broker of its own says that it does not know it, and goes on
  fileReservedSize: (value, name) => ({ retentionBytes: bytes(value, name) }),
  autoCreateTopicEnable: (value, name) => ({ autoCreateTopics: truth(value, name) }),
  messageDelayLevel: (messageDelayLevel) => ({ messageDelayLevel }),
  transactionCheckInterval: (value, name) => ({ transactionCheckMs: wholeNumber(value, name, 86_400_000) }),
  flushDiskType: (value, name) => ({
    flush: oneOf(value, name, { ASYNC_FLUSH: 'async', SYNC_FLUSH: 'sync' } as const),
  }),
  // a master's id is 0 whatever is written: BrokerStartup
  brokerId: () => ({}),
  brokerRole: (value, name) =>
    oneOf(value, name, { ASYNC_MASTER: {}, SYNC_MASTER: {} }, 'nothing is copied from a master here'),
  aclEnable: refuseTrue,
  authenticationEnabled: refuseTrue,
  authorizationEnabled: refuseTrue,
}

/**
 * Reads a file of Java properties. What has no meaning here is passed over, and told.
 * @returns the settings, and the names that were passed over
 * @throws MQ_INPUT, MQ_USAGE
 */
export function readBrokerConf(path: string): {
  readonly conf: BrokerConf
  readonly ignored: readonly string[]
} {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new MqError('MQ_USAGE', `cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
  const properties = Object.entries(parseProperties(text))
  let conf: BrokerConf = {}
  const ignored: string[] = []
  for (const [name, value] of properties) {
    if (Object.hasOwn(readers, name)) conf = { ...conf, ...readers[name]!(value.trim(), name) }
    else ignored.push(name)
  }
  return { conf, ignored }
}

function bad(name: string, value: string, hint: string): MqError {
  return new MqError('MQ_USAGE', `${name}=${value} cannot be done`, { hint })
}

function wholeNumber(value: string, name: string, max: number): number {
  const number = Number(value)
  if (!/^\d+$/.test(value) || number > max) throw bad(name, value, `a whole number from 0 to ${max}`)
  return number
}

function bytes(value: string, name: string): number {
  const count = byteCount(value)
  if (count === null) throw bad(name, value, 'a number of bytes, as 10g; 0 for any')
  return count
}

function truth(value: string, name: string): boolean {
  return oneOf(value.toLowerCase(), name, { true: true, false: false })
}

function oneOf<T>(value: string, name: string, values: Readonly<Record<string, T>>, why = ''): T {
  if (Object.hasOwn(values, value)) return values[value]!
  const choices = Object.keys(values).join(' or ')
  throw bad(name, value, why === '' ? `write ${choices}` : `${why}: write ${choices}`)
}

/** Who believes that nobody gets in must not be left with an open door. */
function refuseTrue(value: string, name: string): BrokerConf {
  if (truth(value, name))
    throw bad(name, value, 'there is no access control here: remove the line if that is wanted')
  return {}
}
