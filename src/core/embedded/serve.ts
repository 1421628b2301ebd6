import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClientPush } from '../broker/ports.ts'
import { RemoteInvoker } from '../client/remote-invoker.ts'
import { MqError } from '../errors.ts'
import { SteadyClock, systemTimers } from '../lib/clock.ts'
import { silentLog, type Log } from '../lib/log.ts'
import { masterId } from '../model/route.ts'
import { Perm } from '../model/topic.ts'
import type { Channel, Handlers } from '../remoting/handlers.ts'
import { RemotingServer } from '../remoting/server.ts'
import type { Retention } from '../store/retention.ts'
import { addressText, parseAdvertised, resolveAdvertised, type Advertised } from './advertise.ts'
import { openNameServer } from './name-server.ts'
import { remotingPush } from './client-push.ts'
import { EmbeddedNode } from './node.ts'
import { Registrar } from './registrar.ts'
import { removeServerFile, serverOf, writeServerFile } from './server-file.ts'

export interface ServeOptions {
  /** Folder to serve; null or absent: a temporary one that is removed at close. */
  readonly store?: string | null
  /** Default both, on one port. A broker alone answers name server requests for itself only. */
  readonly role?: 'namesrv' | 'broker' | 'both'
  /** 0 picks a free one. Default 9876. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly bind?: string
  /** `host` or `host:port` that clients are told; default: the address they dialled. */
  readonly advertise?: string
  /** Name servers elsewhere to register with, `host:port` each. */
  readonly namesrv?: readonly string[]
  /** What a folder is made with, and keeps; default broker-a and DefaultCluster. */
  readonly brokerName?: string
  readonly clusterName?: string
  /** Bytes of a commit-log segment, where this makes the folder. */
  readonly segmentSize?: number
  /** sync: a message is acknowledged once it is on the disk. Default async, within 500 ms, as RocketMQ. */
  readonly flush?: 'sync' | 'async'
  readonly retention?: Retention
  /** False: a send to an unknown topic is refused. Default true. */
  readonly autoCreateTopics?: boolean
  /** As in RocketMQ's configuration: `1s 5s 10s …`; default what the folder was served with before. */
  readonly messageDelayLevel?: string
  /** How often producers are asked about open transactions; default 30 s. */
  readonly transactionCheckMs?: number
  /** Topics to make before the first client is let in. */
  readonly topics?: readonly { readonly name: string; readonly queues: number }[]
  /** Consumer groups to make likewise. */
  readonly groups?: readonly string[]
  readonly log?: Log
}

export interface Served {
  /** `host:port` it listens on. */
  readonly address: string
  /** Name servers for clients, as NAMESRV_ADDR has them: `a:9876;b:9876`. */
  readonly namesrv: string
  /** The folder that is served. */
  readonly store: string
  /** Stops taking requests, writes and syncs what was taken, leaves the folder closed. */
  close(): Promise<void>
}

const defaultPort = 9876
const defaultBind = '127.0.0.1'
/** Another process that writes to the folder lets it go within milliseconds. */
const lockTimeoutMs = 2000
/** How long who waits for a sync is waited for at the end. */
const syncTimeoutMs = 3000
/** BrokerConfig.registerBrokerTimeoutMills is 24 s; ours must not keep a server from ending. */
const namesrvTimeoutMs = 3000

/** What a role is made of. */
interface Serving {
  readonly handlers: Handlers
  /** Null: a name server alone. */
  readonly broker: EmbeddedNode['broker'] | null
  disconnected(channel: Channel): void
  close(): void
}

/** Steps to take back what was started, the last one first. */
type Undo = (() => void | Promise<void>)[]

/**
 * Name server and broker on one port, or one of them.
 * @throws MQ_STORE_IN_USE, MQ_STORE_UNWRITABLE, MQ_FAILED, MQ_INVALID_PARAMETER, MQ_USAGE
 */
export async function serve(options: ServeOptions = {}): Promise<Served> {
  const undo: Undo = []
  const close = (): Promise<void> => undoAll(undo)
  try {
    return { ...(await start(options, undo)), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** All of them, whatever one says; @throws what the first that failed said */
async function undoAll(undo: Undo): Promise<void> {
  const failures: unknown[] = []
  for (const step of undo.splice(0).reverse()) {
    try {
      await step()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}

async function start(options: ServeOptions, undo: Undo): Promise<Omit<Served, 'close'>> {
  const { port = defaultPort, bind = defaultBind, log = silentLog } = options
  const advertise = options.advertise === undefined ? null : parseAdvertised(options.advertise)
  const dialledAs = advertise === null ? null : await resolveAdvertised(advertise)
  const store = options.store ?? mkdtempSync(join(tmpdir(), 'pocketmq-'))
  if (store !== options.store) undo.push(() => rmSync(store, { recursive: true, force: true }))
  let server: RemotingServer | null = null
  let broker: EmbeddedNode['broker'] | null = null
  const push = remotingPush(
    () => server,
    () => broker?.brokerName ?? '',
  )
  const serving = openRole(store, options, advertise, push)
  broker = serving.broker
  undo.push(() => serving.close())
  if (serving.broker !== null) prepare(serving.broker, options)
  const onDisconnect = (channel: Channel): void => serving.disconnected(channel)
  const listen = { port, bind, handlers: serving.handlers, onDisconnect, log }
  server = new RemotingServer({ ...listen, ...(dialledAs !== null && { dialledAs }) })
  const remoting = server
  const listening = await remoting.listen()
  undo.push(() => remoting.close(() => written(serving.broker)))
  const near = addressText(nearHost(bind), listening)
  if (serving.broker !== null) {
    writeServerFile(store, near)
    undo.push(() => removeServerFile(store))
    await register(serving.broker, options, advertise, listening, undo)
  }
  const elsewhere = options.role === 'broker' ? (options.namesrv ?? []) : []
  const namesrv = elsewhere.length > 0 ? elsewhere.join(';') : near
  return { address: addressText(bind, listening), namesrv, store }
}

function openRole(
  store: string,
  options: ServeOptions,
  advertise: Advertised | null,
  push: ClientPush,
): Serving {
  const { role = 'both', brokerName, clusterName, segmentSize, flush, retention, autoCreateTopics } = options
  const { messageDelayLevel, transactionCheckMs } = options
  if (role === 'namesrv') return { broker: null, ...openNameServer(store, new SteadyClock(), systemTimers) }
  refuseServed(store)
  return new EmbeddedNode({
    folder: store,
    writer: 'hold',
    lockTimeoutMs,
    push,
    takesBrokers: role === 'both',
    ...(brokerName !== undefined && { brokerName }),
    ...(clusterName !== undefined && { clusterName }),
    ...(segmentSize !== undefined && { segmentSize }),
    ...(flush !== undefined && { flush }),
    ...(retention !== undefined && { retention }),
    ...(autoCreateTopics !== undefined && { autoCreateTopics }),
    ...(messageDelayLevel !== undefined && { messageDelayLevel }),
    ...(transactionCheckMs !== undefined && { transactionCheckMs }),
    ...(advertise !== null && { advertise }),
  })
}

/** Resolves when what was sent is acknowledged, or, on a disk that does not come to it, a little later. */
async function written(broker: EmbeddedNode['broker'] | null): Promise<void> {
  if (broker === null) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, syncTimeoutMs)
    broker.store.commit()
    broker.store.whenSynced(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** At once, and by name: another process that only writes a command's messages is waited for instead. */
function refuseServed(store: string): void {
  const holder = serverOf(store)
  if (holder === null) return
  throw new MqError('MQ_STORE_IN_USE', `${store} is served at ${holder.address} by process ${holder.pid}`, {
    hint: `use that one (-n ${holder.address}), stop it, or serve another folder`,
  })
}

function prepare(broker: EmbeddedNode['broker'], { topics = [], groups = [] }: ServeOptions): void {
  broker.topics.updateAll(
    topics.map(({ name, queues }) => ({
      topicName: name,
      readQueueNums: queues,
      writeQueueNums: queues,
      perm: Perm.read | Perm.write,
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: 0,
      order: false,
      attributes: {},
    })),
  )
  for (const group of groups) broker.groups.getOrCreate(group)
}

/** Resolves when the name servers elsewhere know of the broker, or cannot be told now. */
async function register(
  broker: EmbeddedNode['broker'],
  { namesrv = [], log = silentLog }: ServeOptions,
  advertise: Advertised | null,
  port: number,
  undo: Undo,
): Promise<void> {
  if (namesrv.length === 0) return
  const invoker = new RemoteInvoker({ timeoutMs: namesrvTimeoutMs })
  undo.push(() => invoker.close())
  const registrar = new Registrar({
    clusterName: broker.clusterName,
    brokerName: broker.brokerName,
    brokerId: masterId,
    topics: () => broker.topics.all().map((config) => broker.settings.routed(config)),
    dataVersion: () => broker.topics.dataVersion(),
    namesrv,
    advertise: advertise === null ? null : addressText(advertise.host, advertise.port ?? port),
    port,
    invoker,
    timers: systemTimers,
    log,
  })
  broker.topics.onSaved = (config) => registrar.topicChanged(config)
  undo.push(() => registrar.close())
  await registrar.start()
}

/** Where this machine reaches what listens on an address. */
function nearHost(bind: string): string {
  if (bind === '0.0.0.0') return '127.0.0.1'
  return bind === '::' ? '::1' : bind
}
