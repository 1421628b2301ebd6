/**
 * A real RocketMQ 5.5.0: one name server and one broker on free loopback ports, their files in a temporary
 * folder.
 */
import type { SerializeType } from '../../src/core/remoting/frame.ts'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from '../../src/core/connect.ts'
import { MqError, type ErrorCode } from '../../src/core/errors.ts'
import { freeBrokerPort, freePort } from './free-port.ts'
import { JavaServer, headerTypeFlag } from './jvm.ts'

export interface RealClusterOptions {
  /** How its answers' headers are written; RocketMQ's default is JSON. */
  readonly headerType?: SerializeType
  /**
   * The host that routes and offset ids name, RocketMQ's brokerIP1. Both servers listen on 127.0.0.1 only;
   * something else may listen on this host with the same ports. Default 127.0.0.1.
   */
  readonly advertisedHost?: string
  /** A name server that is there already; none is started then. */
  readonly namesrv?: string
  /** Another name server that the broker registers with. */
  readonly alsoAt?: string
  /** Topics that the broker has from before, of eight queues. */
  readonly topics?: readonly string[]
  /** More lines of broker.conf. */
  readonly brokerConf?: Readonly<Record<string, string | number>>
}

const startAttempts = 3
const startWithinMs = 60_000
const serverFlags = [
  '-Xmx1g',
  '--add-opens=java.base/java.nio=ALL-UNNAMED',
  '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
  '--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED',
]
/** Exists on every broker with autoCreateTopicEnable: its route shows that the broker is registered. */
const templateTopic = 'TBW102'

export class RealCluster {
  /** `host:port` of the name server. */
  readonly namesrv: string
  /** `host:port` of the broker, where it listens. */
  readonly broker: string
  readonly #dir: string
  readonly #options: RealClusterOptions
  readonly #servers: JavaServer[] = []
  readonly #removeFiles = () => rmSync(this.#dir, { recursive: true, force: true, maxRetries: 5 })

  private constructor(dir: string, ports: { namesrv: number; broker: number }, options: RealClusterOptions) {
    this.#dir = dir
    this.#options = options
    this.namesrv = options.namesrv ?? `127.0.0.1:${ports.namesrv}`
    this.broker = `127.0.0.1:${ports.broker}`
    process.once('exit', this.#removeFiles) // an interrupted run: jvm.ts has killed the servers by then
  }

  /** Name server, if there is one of its own, and broker. */
  get pids(): number[] {
    return this.#servers.map((server) => server.pid)
  }

  static async start(options: RealClusterOptions = {}): Promise<RealCluster> {
    for (let attempt = 1; ; attempt++) {
      const dir = mkdtempSync(join(tmpdir(), 'real-cluster-'))
      const ports = { namesrv: await freePort(), broker: await freeBrokerPort() }
      const cluster = new RealCluster(dir, ports, options)
      try {
        await cluster.#startServers(await freePort())
        return cluster
      } catch (error) {
        await cluster.stop()
        if (attempt === startAttempts) throw error // else somebody may have taken a port in between
      }
    }
  }

  /** Kills its own name server. */
  async killNamesrv(): Promise<void> {
    await this.#servers[0]!.kill()
  }

  /** Kills both servers and removes their files. */
  async stop(): Promise<void> {
    for (const server of this.#servers.reverse()) await server.kill()
    process.off('exit', this.#removeFiles)
    this.#removeFiles()
  }

  async #startServers(haPort: number): Promise<void> {
    if (this.#options.namesrv === undefined) {
      const namesrv = this.#start('namesrv', 'org.apache.rocketmq.namesrv.NamesrvStartup', {
        listenPort: portOf(this.namesrv),
        bindAddress: '127.0.0.1',
      })
      await until(
        'the name server answers',
        namesrv,
        async () => (await this.#templateRoute()) !== 'MQ_NAMESRV_UNREACHABLE',
      )
    }
    const { namesrv, alsoAt, topics } = { namesrv: this.namesrv, ...this.#options }
    const store = join(this.#dir, 'store')
    if (topics !== undefined) writeTopics(join(store, 'config'), topics)
    const broker = this.#start('broker', 'org.apache.rocketmq.broker.BrokerStartup', {
      brokerClusterName: 'DefaultCluster',
      brokerName: 'broker-a',
      brokerIP1: this.#options.advertisedHost ?? '127.0.0.1',
      bindAddress: '127.0.0.1',
      listenPort: portOf(this.broker),
      haListenPort: haPort,
      namesrvAddr: alsoAt === undefined ? namesrv : `${namesrv};${alsoAt}`,
      storePathRootDir: store,
      mappedFileSizeCommitLog: 16 * 1024 * 1024,
      autoCreateTopicEnable: 'true',
      ...this.#options.brokerConf,
    })
    await until('the broker is registered', broker, async () => (await this.#templateRoute()) === 'found')
  }

  #start(role: string, mainClass: string, conf: Readonly<Record<string, string | number>>): JavaServer {
    const home = join(this.#dir, role)
    mkdirSync(home)
    const confPath = join(home, `${role}.conf`)
    const lines = Object.entries(conf).map(([key, value]) => `${key}=${value}\n`)
    writeFileSync(confPath, lines.join(''))
    const homes = [`-Drocketmq.home.dir=${home}`, `-Duser.home=${home}`]
    const flags = [...serverFlags, ...homes, headerTypeFlag(this.#options.headerType ?? 'json')]
    const server = new JavaServer(flags, [mainClass, '-c', confPath], join(home, 'output.log'))
    this.#servers.push(server)
    return server
  }

  /** Found, when it is this broker that has it. */
  async #templateRoute(): Promise<'found' | ErrorCode> {
    const admin = await connect({ kind: 'cluster', namesrv: [this.namesrv] })
    try {
      const { brokerDatas } = await admin.topics.route(templateTopic)
      const { advertisedHost = '127.0.0.1' } = this.#options
      const address = `${advertisedHost}:${portOf(this.broker)}`
      const found = brokerDatas.some(({ brokerAddrs }) => Object.values(brokerAddrs).includes(address))
      return found ? 'found' : 'MQ_BROKER_NOT_EXIST'
    } catch (error) {
      if (error instanceof MqError) return error.code
      throw error
    } finally {
      await admin.close()
    }
  }
}

/** TopicConfigSerializeWrapper, as a broker leaves it. */
function writeTopics(configFolder: string, names: readonly string[]): void {
  const rest = { readQueueNums: 8, writeQueueNums: 8, perm: 6, topicFilterType: 'SINGLE_TAG' }
  const configs = names.map((topicName) => [topicName, { topicName, ...rest, topicSysFlag: 0, order: false }])
  const dataVersion = { counter: names.length, stateVersion: 0, timestamp: Date.now() }
  mkdirSync(configFolder, { recursive: true })
  writeFileSync(
    join(configFolder, 'topics.json'),
    JSON.stringify({ dataVersion, topicConfigTable: Object.fromEntries(configs) as object }),
  )
}

function portOf(address: string): number {
  return Number(address.split(':')[1])
}

async function until(what: string, server: JavaServer, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + startWithinMs
  while (!(await holds())) {
    if (server.hasEnded) throw new Error(`ended before ${what}:\n${server.output()}`)
    if (Date.now() > deadline)
      throw new Error(`waited ${startWithinMs} ms until ${what}:\n${server.output()}`)
    await delay(50)
  }
}
