/**
 * Our server and a real broker 5.5.0 in turn, under RocketMQ's own benchmark clients, with binary headers:
 * `npm run bench:broker -- [pairs] [seconds] [consume|live] [sync]` (`consume`: nothing else, `live`: nothing
 * but consuming while others send; `sync`: with SYNC_FLUSH). Needs what the interop tests need, and /proc.
 * Ratios are what counts: clients and broker share the machine. One that is busy with something else is
 * refused, for a server of one thread gets less of it than one of many, unless `busy` is said.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { RemoteInvoker } from '../src/core/client/remote-invoker.ts'
import { MqAdmin } from '../src/core/index.ts'
import { Property } from '../src/core/model/properties.ts'
import { classPath } from '../test/interop/jars.ts'
import { PocketmqServer } from '../test/interop/pocketmq.ts'
import { RealCluster } from '../test/interop/real-cluster.ts'

interface Contender {
  readonly namesrv: string
  readonly pids: readonly number[]
  stop(): Promise<void>
}

interface Sample {
  readonly perSecond: number
  /** Processor time of all its processes for one message. */
  readonly cpuMicros: number
  /** The same of the client, which shares the machine with it. */
  readonly clientMicros: number
}

const parts = ['send, 64 threads', 'send, 16 threads', 'consume', 'consume while 64 threads send'] as const

type Round = Readonly<Partial<Record<(typeof parts)[number], Sample>>> & { readonly residentMiB: number }

const numbers = process.argv.slice(2).filter((word) => !Number.isNaN(Number(word)))
const only = (['consume', 'live'] as const).find((word) => process.argv.includes(word)) ?? null
const evenIfBusy = process.argv.includes('busy')
const pairs = Number(numbers[0] ?? 5)
const seconds = Number(numbers[1] ?? 25)
const idleMin = 0.8
/** Of every broker, with 1024 queues: what the clients use unless told otherwise. */
const sendTopic = 'BenchmarkTest'
/** A consumer of 1024 queues has hardly begun when the time is over. */
const consumeTopic = {
  topicName: 'BenchmarkConsume',
  readQueueNums: 8,
  writeQueueNums: 8,
  perm: 6,
  order: false,
}
const consumeGroup = 'bench'
/** Stored before they are consumed, for each second that a producer is measured. */
const consumedPerSecond = 160_000
/** What is measured is between these parts of them: a JVM gets up to speed at first. */
const [measuredFrom, measuredTo] = [0.2, 0.9]
const batchSize = 500
const batchesAtOnce = 16
/** The clients report the mean of so long. */
const windowMs = 10_000
const clients = 'org.apache.rocketmq.example.benchmark'

const syncs = process.argv.includes('sync')

const contenders = {
  real: () => RealCluster.start(syncs ? { brokerConf: { flushDiskType: 'SYNC_FLUSH' } } : {}),
  ours: () => PocketmqServer.start(syncs ? ['--flush', 'sync'] : []),
} satisfies Record<string, () => Promise<Contender>>

function cpuMicros(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return sum + (Number(fields[11]) + Number(fields[12])) * 10_000
  }, 0)
}

function residentMiB(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!
    return sum + Number(kib) / 1024
  }, 0)
}

interface Client {
  readonly pid: number
  readonly printed: () => string
  stop(): Promise<void>
}

function startClient({ namesrv }: Contender, name: string, topic: string, args: readonly string[]): Client {
  const java = ['-Xmx1g', '-cp', classPath(), 'WithParent', `${clients}.${name}`, '-ri', '1000', ...args]
  const child = spawn('java', [...java, '-n', namesrv, '-t', topic], { stdio: ['pipe', 'pipe', 'ignore'] })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  return {
    pid: child.pid!,
    printed: () => printed,
    async stop() {
      const ended = once(child, 'close')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Runs a producer for a while; the rate it reports last, over its last ten seconds. */
async function produce(contender: Contender, threads: number): Promise<Sample> {
  const client = startClient(contender, 'Producer', sendTopic, ['-s', '128', '-w', `${threads}`])
  await delay(seconds * 1000 - windowMs)
  const before = [cpuMicros(contender.pids), cpuMicros([client.pid])] as const
  await delay(windowMs)
  const used = [cpuMicros(contender.pids) - before[0], cpuMicros([client.pid]) - before[1]] as const
  await client.stop()
  const rates = [...client.printed().matchAll(/Send TPS: (\d+)/g)].map((match) => Number(match[1]))
  const perSecond = rates.at(-1) ?? 0
  if (perSecond === 0) throw new Error(`the producer reported nothing:\n${client.printed().slice(-2000)}`)
  const count = (perSecond * windowMs) / 1000
  return { perSecond, cpuMicros: used[0] / count, clientMicros: used[1] / count }
}

async function stored(contender: Contender): Promise<number> {
  const admin = await MqAdmin.connect({ namesrv: contender.namesrv })
  const queues = await admin.messages.queues(sendTopic)
  const ends = await Promise.all(queues.map((queue) => admin.messages.maxOffset(queue)))
  await admin.close()
  return ends.reduce((sum, end) => sum + end, 0)
}

async function makeTopic({ namesrv }: Contender): Promise<void> {
  const admin = await MqAdmin.connect({ namesrv })
  const config = { ...consumeTopic, topicFilterType: 'SINGLE_TAG' as const, topicSysFlag: 0, attributes: {} }
  await admin.topics.update(config, { clusterName: 'DefaultCluster' })
  await admin.close()
}

/** A body of SEND_BATCH_MESSAGE, of messages as benchmark.Producer makes them. */
function batchBody(first: number): Buffer {
  const messages = Array.from({ length: batchSize }, (_, i) => {
    const key = (first + i).toString(16).toUpperCase().padStart(32, '0')
    const properties = Buffer.from(`${Property.uniqueKey}\u0001${key}\u0002WAIT\u0001true\u0002`)
    const message = Buffer.alloc(20 + 128 + 2 + properties.length, 'a')
    message.fill(0, 0, 16).writeInt32BE(message.length)
    message.writeInt32BE(128, 16)
    message.writeInt16BE(properties.length, 148)
    message.set(properties, 150)
    return message
  })
  return Buffer.concat(messages)
}

/** Stores messages to consume, and has the group begin with the first. @returns how many */
async function storeForConsumer(contender: Contender): Promise<number> {
  const { topicName: topic, readQueueNums: queues } = consumeTopic
  const { namesrv } = contender
  await makeTopic(contender)
  const admin = await MqAdmin.connect({ namesrv })
  const { brokerDatas } = await admin.topics.route(topic)
  await admin.close()
  const address = brokerDatas[0]!.brokerAddrs[0]!
  const invoker = new RemoteInvoker({ timeoutMs: 30_000 })
  const batches = Math.ceil((consumedPerSecond * seconds) / batchSize)
  let next = 0
  const store = async (): Promise<void> => {
    while (next < batches) {
      const n = next++
      const producer = { producerGroup: 'bench', defaultTopic: 'TBW102', defaultTopicQueueNums: 4 }
      const place = {
        topic,
        queueId: n % queues,
        sysFlag: 0,
        flag: 0,
        bornTimestamp: Date.now(),
        batch: true,
      }
      const call = { header: { ...producer, ...place }, body: batchBody(n * batchSize) }
      const { code, remark } = await invoker.invoke(address, 'SEND_BATCH_MESSAGE', call)
      if (code !== 0) throw new Error(`a batch was refused: ${code} ${remark}`)
    }
  }
  await Promise.all(Array.from({ length: batchesAtOnce }, store))
  for (let queueId = 0; queueId < queues; queueId++) {
    const header = { consumerGroup: consumeGroup, topic, queueId, commitOffset: 0 }
    await invoker.invoke(address, 'UPDATE_CONSUMER_OFFSET', { header, body: undefined })
  }
  await invoker.close()
  return batches * batchSize
}

interface Look {
  readonly done: number
  readonly at: number
  readonly broker: number
  readonly clients: number
}

/** What a group has consumed by now, and what that took. */
async function look(
  admin: MqAdmin,
  contender: Contender,
  clientPids: readonly number[],
  [group, topic]: readonly [string, string],
): Promise<Look> {
  const { offsets } = await admin.groups.progress(group, topic)
  const done = offsets.reduce((sum, { consumerOffset }) => sum + consumerOffset, 0)
  return { done, at: performance.now(), broker: cpuMicros(contender.pids), clients: cpuMicros(clientPids) }
}

function between(before: Look, after: Look): Sample {
  const count = after.done - before.done
  return {
    perSecond: (count / (after.at - before.at)) * 1000,
    cpuMicros: (after.broker - before.broker) / count,
    clientMicros: (after.clients - before.clients) / count,
  }
}

/** Messages are stored beforehand: what is measured is the consumer's alone. */
async function consume(contender: Contender): Promise<Sample> {
  const total = await storeForConsumer(contender)
  const { topicName } = consumeTopic
  const client = startClient(contender, 'Consumer', topicName, ['-g', consumeGroup, '-p', 'false'])
  const admin = await MqAdmin.connect({ namesrv: contender.namesrv })
  const reach = async (part: number): Promise<Look> => {
    for (;;) {
      const seen = await look(admin, contender, [client.pid], [consumeGroup, topicName])
      if (seen.done >= part * total) return seen
      await delay(100)
    }
  }
  const [first, last] = [await reach(measuredFrom), await reach(measuredTo)]
  await admin.close()
  await client.stop()
  return between(first, last)
}

/** What arrives is consumed as it comes: what is measured is all of them together. */
async function consumeLive(contender: Contender): Promise<Sample> {
  const group = 'live'
  const consumer = startClient(contender, 'Consumer', sendTopic, ['-g', group, '-p', 'false'])
  const producer = startClient(contender, 'Producer', sendTopic, ['-s', '128', '-w', '64'])
  const admin = await MqAdmin.connect({ namesrv: contender.namesrv })
  const seen = (): Promise<Look> => look(admin, contender, [consumer.pid, producer.pid], [group, sendTopic])
  await delay(seconds * 1000 - windowMs)
  const before = await seen()
  await delay(windowMs)
  const after = await seen()
  await admin.close()
  await producer.stop()
  await consumer.stop()
  return between(before, after)
}

async function round(name: keyof typeof contenders): Promise<Round> {
  const contender: Contender = await contenders[name]()
  const live = parts[3]
  try {
    if (only === 'consume')
      return { consume: await consume(contender), residentMiB: residentMiB(contender.pids) }
    if (only === 'live')
      return { [live]: await consumeLive(contender), residentMiB: residentMiB(contender.pids) }
    // a group that is new begins with what was sent before it
    const beside = await consumeLive(contender)
    const wide = await produce(contender, 64)
    const narrow = await produce(contender, 16)
    const resident = residentMiB(contender.pids)
    const count = await stored(contender)
    const least = (Math.min(wide.perSecond, narrow.perSecond) * seconds) / 2
    if (count < least) throw new Error(`${count} messages are stored, at least ${least} were acknowledged`)
    const sent = { 'send, 64 threads': wide, 'send, 16 threads': narrow }
    const consumed = { [live]: beside, consume: await consume(contender) }
    return { ...sent, ...consumed, residentMiB: resident }
  } finally {
    await contender.stop()
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}

/** Part of the machine's time in which nothing runs. */
async function idlePart(): Promise<number> {
  const times = (): { idle: number; all: number } => {
    const each = cpus().map((cpu) => cpu.times)
    const all = each.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0)
    return { idle: each.reduce((sum, { idle }) => sum + idle, 0), all }
  }
  const before = times()
  await delay(3000)
  const after = times()
  return (after.idle - before.idle) / (after.all - before.all)
}

const idle = await idlePart()
if (idle < idleMin && !evenIfBusy) {
  console.error(`the machine is idle ${(idle * 100).toFixed(0)} % of the time: at least 80 % are needed`)
  process.exit(1)
}
const rounds: Record<keyof typeof contenders, Round[]> = { real: [], ours: [] }
console.log(
  `${pairs} pairs, ${seconds} s each; idle before ${(idle * 100).toFixed(0)} %, load ${loadavg()[0]!.toFixed(1)}`,
)
for (let pair = 0; pair < pairs; pair++) {
  const order = pair % 2 === 0 ? (['real', 'ours'] as const) : (['ours', 'real'] as const)
  for (const name of order) {
    const result = await round(name)
    rounds[name].push(result)
    const { residentMiB: memory, ...samples } = result
    const rates = Object.entries(samples).map(
      ([what, { perSecond, cpuMicros: cpu, clientMicros: client }]) =>
        `${what} ${perSecond.toFixed(0)}/s ${cpu.toFixed(1)} µs (client ${client.toFixed(1)})`,
    )
    console.log(`${name}: ${rates.join(', ')}, ${memory.toFixed(0)} MiB`)
  }
}
for (const what of parts) {
  if (rounds.ours[0]![what] === undefined) continue
  const ratios = rounds.ours.map((ours, i) => ours[what]!.perSecond / rounds.real[i]![what]!.perSecond)
  const cpu = (name: keyof typeof contenders): string =>
    median(rounds[name].map((each) => each[what]!.cpuMicros)).toFixed(1)
  console.log(
    `${what}: ours/real ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}…${Math.max(...ratios).toFixed(2)}), ` +
      `broker CPU a message ${cpu('ours')} µs, real ${cpu('real')} µs`,
  )
}
const memory = (name: keyof typeof contenders): string =>
  median(rounds[name].map((each) => each.residentMiB)).toFixed(0)
console.log(
  `resident after sending: ours ${memory('ours')} MiB, real ${memory('real')} MiB (both its processes)`,
)
