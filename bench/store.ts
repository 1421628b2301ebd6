/**
 * The store against its targets: `npm run bench:store [-- --messages 2700000 --big 10000000 --pairs 21]`.
 * Each part is a process of its own. What the machine gives at that moment is measured next to each part,
 * as a loop that checksums, copies, writes and syncs as many bytes: on a machine that others use, only the
 * ratio to it says something. 128-byte bodies, a unique key and one key each, four queues; the index is
 * complete when the clock stops. Fails when a target is missed, with `--strict`.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { quantile, Worker } from './worker.ts'

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    big: { type: 'string', default: '10000000' },
    pairs: { type: 'string', default: '21' },
    strict: { type: 'boolean', default: false },
  },
})
const [messages, big, pairs] = [values.messages, values.big, values.pairs].map(Number) as [
  number,
  number,
  number,
]

interface Usage {
  readonly count: number
  readonly bytes: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakMemory: number
}

const worker = await Worker.of('store-worker')
const root = mkdtempSync(join(tmpdir(), 'pocketmq-bench-'))
const folder = (name: string): string => join(root, name)
let missed = 0

function target(met: boolean): string {
  if (!met) missed++
  return met ? 'met' : 'MISSED'
}

function baseline(): Usage {
  return worker.run('baseline', root, 500_000).told as Usage
}

/** Runs a part between two baselines. */
function rated(part: string, name: string, count: number, wanted: number): Usage {
  const before = baseline()
  const told = worker.run(part, folder(name), count).told as Usage
  const after = baseline()
  const base = before.count / before.seconds / 2 + after.count / after.seconds / 2
  const rate = told.count / told.seconds
  const cpuOf = (usage: Usage): number => (usage.cpuSeconds / usage.count) * 1e6
  const cpu = `${cpuOf(told).toFixed(2)} µs of CPU each, the baseline ${((cpuOf(before) + cpuOf(after)) / 2).toFixed(2)}`
  console.log(
    `${part.padEnd(8)} ${Math.round(rate)}/s (at least ${wanted}: ${target(rate >= wanted)}), ` +
      `${(rate / base).toFixed(3)} of the baseline's ${Math.round(base)}/s; ${cpu}; ` +
      `peak ${told.peakMemory} MB (below 200: ${target(told.peakMemory < 200)})`,
  )
  return told
}

async function restartAfterKill(part: string): Promise<void> {
  const sender = worker.start(part, folder('big'))
  await once(sender.stdout!, 'data')
  await pause(1500)
  const ended = once(sender, 'exit')
  sender.kill('SIGKILL')
  await ended
  const { told, ms } = worker.run('restart', folder('big')) as { told: Usage; ms: number }
  console.log(
    `restart after kill -9 of ${part}: ${(told.seconds * 1000).toFixed(0)} ms, of CPU ` +
      `${(told.cpuSeconds * 1000).toFixed(0)}, ${ms.toFixed(0)} with the process ` +
      `(at most 1000: ${target(ms <= 1000)})`,
  )
}

interface Found {
  /** Of the whole process. */
  readonly ms: number
  readonly told: { readonly cpuMs: number }
}

function findPairs(): void {
  const samples = Array.from({ length: pairs }, () => ({
    small: worker.run('find', folder('small')) as Found,
    big: worker.run('find', folder('big')) as Found,
  }))
  const median = (of: (sample: (typeof samples)[number]) => number): number => quantile(samples.map(of), 0.5)
  const ratio = median((each) => each.big.ms / each.small.ms)
  const cpuRatio = median((each) => each.big.told.cpuMs / each.small.told.cpuMs)
  console.log(
    `find one by key, whole process: ${median((each) => each.big.ms).toFixed(1)} ms in ${big} messages, ` +
      `${median((each) => each.small.ms).toFixed(1)} ms in 1000, median ratio of ${pairs} pairs ${ratio.toFixed(3)} ` +
      `(at most 1.2: ${target(ratio <= 1.2)}), of CPU ${cpuRatio.toFixed(3)}`,
  )
}

/** 512 MiB for ten million messages, and as many segments for fewer. */
const segmentSize = Math.ceil((big / 10_000_000) * 512 * 1024) * 1024

try {
  rated('append', 'store', messages, 200_000)
  rated('read', 'store', messages, 500_000)
  const { bytes, seconds } = rated('rebuild', 'store', messages, 0)
  const perGib = (seconds / bytes) * 1024 ** 3
  console.log(`rebuild of 1 GiB at that rate: ${perGib.toFixed(1)} s (at most 16: ${target(perGib <= 16)})`)
  rmSync(folder('store'), { recursive: true })

  const filled = worker.run('fill', folder('big'), big, segmentSize).told as Usage
  const gib = (filled.bytes / 1024 ** 3).toFixed(2)
  console.log(
    `filled ${big} messages over 71 h, ${gib} GiB, in ${filled.seconds.toFixed(0)} s, peak ${filled.peakMemory} MB ` +
      `(below 200: ${target(filled.peakMemory < 200)})`,
  )
  worker.run('fill', folder('small'), 1000)
  findPairs()
  await restartAfterKill('send-turn')
  await restartAfterKill('send-hold')
} finally {
  rmSync(root, { recursive: true, force: true })
}
if (missed > 0) {
  console.error(`${missed} targets missed`)
  if (values.strict) process.exitCode = 1
}
