/**
 * Our server and a real broker 5.5.0 in turn, under RocketMQ's own benchmark clients, with binary headers:
 * `npm run bench:broker -- [pairs] [seconds]`. Needs what the interop tests need, and /proc. Ratios are what
 * counts: clients and broker share the machine. One that is busy with something else is refused, for a server
 * of one thread gets less of it than one of many, unless `busy` is said.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { MqAdmin } from '../src/core/index.ts'
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
}

type Round = Readonly<Record<'send, 64 threads' | 'send, 16 threads' | 'consume', Sample>> & {
  readonly residentMiB: number
}

const numbers = process.argv.slice(2).filter((word) => word !== 'busy')
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
/** The clients report the mean of so long. */
const windowMs = 10_000
const clients = 'org.apache.rocketmq.example.benchmark'

const contenders = {
  real: () => RealCluster.start(),
  ours: () => PocketmqServer.start(),
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

/** Runs a client for a while; the rate it reports last, over its last ten seconds. */
async function runClient(
  contender: Contender,
  name: string,
  topic: string,
  args: readonly string[],
): Promise<Sample> {
  const java = ['-Xmx1g', '-cp', classPath(), 'WithParent', `${clients}.${name}`, '-ri', '1000', ...args]
  const child = spawn('java', [...java, '-n', contender.namesrv, '-t', topic], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  await delay(seconds * 1000 - windowMs)
  const before = cpuMicros(contender.pids)
  await delay(windowMs)
  const used = cpuMicros(contender.pids) - before
  const ended = once(child, 'close')
  child.kill('SIGKILL')
  await ended
  const rates = [...printed.matchAll(/(?:Send|Consume) TPS: (\d+)/g)].map((match) => Number(match[1]))
  const perSecond = rates.at(-1) ?? 0
  if (perSecond === 0) throw new Error(`${name} reported nothing:\n${printed.slice(-2000)}`)
  return { perSecond, cpuMicros: used / ((perSecond * windowMs) / 1000) }
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

/** Consumers beside a producer: what they get a second is what both together reach. */
async function round(name: keyof typeof contenders): Promise<Round> {
  const contender: Contender = await contenders[name]()
  try {
    const wide = await runClient(contender, 'Producer', sendTopic, ['-s', '128', '-w', '64'])
    const narrow = await runClient(contender, 'Producer', sendTopic, ['-s', '128', '-w', '16'])
    const resident = residentMiB(contender.pids)
    const count = await stored(contender)
    const least = (Math.min(wide.perSecond, narrow.perSecond) * seconds) / 2
    if (count < least) throw new Error(`${count} messages are stored, at least ${least} were acknowledged`)
    await makeTopic(contender)
    const { topicName } = consumeTopic
    const producer = runClient(contender, 'Producer', topicName, ['-s', '128', '-w', '64'])
    const consume = await runClient(contender, 'Consumer', topicName, ['-g', 'bench'])
    await producer
    return { 'send, 64 threads': wide, 'send, 16 threads': narrow, consume, residentMiB: resident }
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
      ([what, { perSecond, cpuMicros: cpu }]) => `${what} ${perSecond}/s ${cpu.toFixed(1)} µs`,
    )
    console.log(`${name}: ${rates.join(', ')}, ${memory.toFixed(0)} MiB`)
  }
}
for (const what of ['send, 64 threads', 'send, 16 threads', 'consume'] as const) {
  const ratios = rounds.ours.map((ours, i) => ours[what].perSecond / rounds.real[i]![what].perSecond)
  const cpu = (name: keyof typeof contenders): string =>
    median(rounds[name].map((each) => each[what].cpuMicros)).toFixed(1)
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
