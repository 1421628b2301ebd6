/**
 * Classes of rocketmq-example 5.5.0, unmodified, against ours; with FULL=1 against RocketMQ, too: that the
 * expectations are RocketMQ's. EXAMPLE, a part of a name, chooses some.
 *
 * Left out: lmq, whose queues RocketMQ's brokers only have with enableLmq, and whose consumers dial a broker
 * at 127.0.0.1:10911; of benchmark what runs until it is stopped, and prints rates only; CachedQueue,
 * RandomAsyncCommit and benchmark.AclClient, which have no main.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MqAdmin } from '../../src/core/index.ts'
import { topicConfig } from '../core/broker/test-broker.ts'
import { withPatience } from './clients/clusters.ts'
import { eventually } from './clients/world.ts'
import { examples, type Run } from './example-runs.ts'
import { classPath } from './jars.ts'
import { javaFlags, track } from './jvm.ts'
import { PocketmqServer } from './pocketmq.ts'
import { RealCluster } from './real-cluster.ts'
import { SocksProxy } from './socks-proxy.ts'

const { EXAMPLE = '', FULL } = process.env
const packageName = 'org.apache.rocketmq.example'
/**
 * 127.0.0.1:9876 is written into these: the SOCKS setting of RocketMQ's client leads them to the server. No
 * others, as with it that client answers checks of transactions to its proxy, which it takes for the broker.
 */
const dialsWrittenAddress = /^(namespace|rpc|openmessaging|benchmark)\.|^simple\.(Acl|Oneway|PullConsumer)/
const patienceMs = 120_000
const brokerConf = {
  // retries begin at level 3
  messageDelayLevel: '1s 2s 3s 1s 1s',
  transactionCheckInterval: 1000,
  // more than a batch of SplitBatchProducer
  mappedFileSizeCommitLog: 16 * 1024 * 1024,
}

interface Served {
  readonly namesrv: string
  stop(): Promise<void>
}

const servers: readonly { readonly name: string; readonly start: (folder: string) => Promise<Served> }[] = [
  {
    name: 'pocketmq serve',
    start: (folder) => {
      const path = join(folder, 'broker.conf')
      writeFileSync(
        path,
        Object.entries(brokerConf)
          .map(([key, value]) => `${key}=${value}\n`)
          .join(''),
      )
      return PocketmqServer.start(['--config', path])
    },
  },
  ...(FULL === '1' ? [{ name: 'real RocketMQ 5.5.0', start: startReal }] : []),
]

function startReal(): Promise<Served> {
  return RealCluster.start({ brokerConf: { ...brokerConf, ...withPatience, enablePropertyFilter: 'true' } })
}

/** A JVM that runs one of the classes, and all that it printed. */
class ExampleProcess {
  readonly #child: ChildProcess
  #printed = ''
  #complained = ''
  #onOutput: () => void = () => undefined

  constructor(command: string, namesrv: string, proxy: string, home: string) {
    const [className, ...args] = command.split(' ')
    const address = dialsWrittenAddress.test(command)
      ? [
          `-Dcom.rocketmq.socks.proxy.config={"0.0.0.0/0":{"addr":"${proxy}"}}`,
          // with a proxy its client gives these sizes to the socket, and 0, the default, is refused
          ...['sndbuf', 'rcvbuf'].map((name) => `-Dcom.rocketmq.remoting.socket.${name}.size=65535`),
        ]
      : []
    const flags = [...javaFlags, `-Duser.home=${home}`, `-Drocketmq.namesrv.addr=${namesrv}`, ...address]
    this.#child = spawn('java', [...flags, '-cp', classPath(), `${packageName}.${className}`, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, OMS_RMQ_DIRECT_NAME_SRV: 'true' },
    })
    track(this.#child)
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#printed += text
      this.#onOutput()
    })
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#complained = (this.#complained + text).slice(-4000)
    })
  }

  get printed(): string {
    return this.#printed
  }

  /** The different things that it printed. */
  found(pattern: RegExp): Set<string> {
    return new Set([...this.#printed.matchAll(pattern)].map((match) => match[1] ?? match[0]))
  }

  /** @throws Error when it prints less, in the time there is or to its end */
  async prints(pattern: RegExp, times: number): Promise<void> {
    const enough = new Promise<void>((resolve) => {
      this.#onOutput = () => this.found(pattern).size >= times && resolve()
    })
    this.#onOutput()
    const timeout = AbortSignal.timeout(patienceMs)
    await Promise.race([enough, once(this.#child, 'close', { signal: timeout }).catch(() => undefined)])
    const { size } = this.found(pattern)
    assert.ok(size >= times, `${size} of ${times} ${String(pattern)}\n${this.#said()}`)
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }

  #said(): string {
    return `${this.#printed.slice(-2000)}\n${this.#complained}`
  }
}

for (const { name: serverName, start } of servers) {
  describe(`classes of rocketmq-example on ${serverName}`, function () {
    this.timeout(300_000)
    let folder: string
    let server: Served
    let proxy: SocksProxy
    let admin: MqAdmin
    const running: ExampleProcess[] = []

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'example-'))
      server = await start(folder)
      proxy = await SocksProxy.start(9876, server.namesrv)
      admin = await MqAdmin.connect({ namesrv: server.namesrv })
    })
    afterEach(async () => {
      for (const each of running.splice(0)) await each.kill()
      await admin.close()
      await proxy.stop()
      await server.stop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    })

    async function runs({
      command,
      prints,
      times = 1,
      orMore = 0,
      never,
      holds,
      stays = false,
    }: Run): Promise<void> {
      const child = new ExampleProcess(command, server.namesrv, proxy.address, folder)
      running.push(child)
      if (prints !== undefined) await child.prints(prints, times)
      if (holds !== undefined) await eventually(() => holds(admin), Boolean)
      if (!stays) await child.kill()
      if (prints !== undefined) {
        const { size } = child.found(prints)
        assert.ok(size >= times && size <= times + orMore, `${command}: ${size}, not ${times}`)
      }
      if (never !== undefined) assert.doesNotMatch(child.printed, never, command)
    }

    for (const { name, topics = [], runs: steps } of examples) {
      if (!name.includes(EXAMPLE)) continue
      it(name, async () => {
        for (const topic of topics)
          await admin.topics.update(topicConfig(topic), { clusterName: 'DefaultCluster' })
        for (const step of steps) await runs(step)
      })
    }
  })
}
