/**
 * How long eight processes that send without a pause wait for the folder: `npm run bench:lock [-- --seconds
 * 10 --processes 8]`. While others wait a turn takes about 3 ms: it is staged, written, synced, indexed, and
 * the lock let go; the process asks again at once.
 */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { quantile, Worker } from './worker.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '10' }, processes: { type: 'string', default: '8' } },
})
const p99Max = 50

interface Told {
  readonly waits: number[]
  readonly turnsOfOthers: number[]
  readonly sent: number
}

const worker = await Worker.of('store-worker')
const folder = mkdtempSync(join(tmpdir(), 'pocketmq-bench-'))
try {
  worker.run('fill', folder, 1000)
  const told = await Promise.all(
    Array.from({ length: Number(values.processes) }, async () => {
      const child = worker.start('lock', folder, Number(values.seconds) * 1000)
      const [line, [code]] = await Promise.all([
        text(child.stdout!),
        once(child, 'exit') as Promise<[number]>,
      ])
      if (code !== 0) throw new Error(`a sender ended with ${code}`)
      return JSON.parse(line) as Told
    }),
  )
  const waits = told.map((each) => each.waits)
  const all = waits.flat()
  const others = told.flatMap((each) => each.turnsOfOthers)
  const sent = told.reduce((sum, each) => sum + each.sent, 0)
  const ms = (share: number): string => quantile(all, share).toFixed(1)
  console.log(
    `${all.length} turns of ${waits.length} processes, ${Math.min(...waits.map((each) => each.length))} to ` +
      `${Math.max(...waits.map((each) => each.length))} each; wait p50 ${ms(0.5)} ms, p90 ${ms(0.9)}, ` +
      `p99 ${ms(0.99)} (at most ${p99Max}), max ${Math.max(...all).toFixed(1)}`,
  )
  console.log(
    `${quantile(others, 0.5)} turns of others in between, p99 ${quantile(others, 0.99)}, max ${Math.max(...others)}; ` +
      `${Math.round(sent / Number(values.seconds))} messages/s, ` +
      `${((Number(values.seconds) * 1000) / all.length).toFixed(1)} ms a turn`,
  )
  const load = spawnSync('uptime', { encoding: 'utf8' }).stdout.trim()
  console.log(`load of the machine: ${load.replace(/.*load average: /, '')}`)
  if (quantile(all, 0.99) > p99Max) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
