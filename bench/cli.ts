/**
 * Whole processes against `node -e 0`, in pairs one after the other, so that what else the machine does meets
 * both. Run: npm run bench:cli [-- --pairs 41]. Fails when a send takes more than its share.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const bin = join(import.meta.dirname, '../bin/run.js')
/** One durable send on a folder, in times of an empty Node process. */
const sendRatioMax = 2.2

const { values } = parseArgs({ options: { pairs: { type: 'string', default: '31' } } })
const pairs = Number(values.pairs)

const folder = mkdtempSync(join(tmpdir(), 'pocketmq-bench-'))
const env = { ...process.env, NAMESRV_ADDR: '', POCKETMQ_STORE: join(folder, 'store') }
const commands: Readonly<Record<string, readonly string[]>> = {
  sendMessage: ['sendMessage', '-t', 'bench', '-p', 'hello', '-k', 'key'],
  topicList: ['topicList'],
  topicRoute: ['topicRoute', '-t', 'bench'],
  consumeMessage: ['consumeMessage', '-t', 'bench', '-c', '1'],
  clusterList: ['clusterList'],
  'a usage error': ['topicRoute'],
}

function timed(args: readonly string[]): number {
  const started = process.hrtime.bigint()
  spawnSync(process.execPath, args, { env, stdio: 'ignore' })
  return Number(process.hrtime.bigint() - started) / 1e6
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}

const ratios = new Map<string, number>()
try {
  spawnSync(process.execPath, [bin, 'updateTopic', '-t', 'bench'], { env })
  console.log(`median of ${pairs} pairs\n${'command'.padEnd(16)}  ratio      ms  node -e 0`)
  for (const [name, args] of Object.entries(commands)) {
    timed([bin, ...args]) // fills the code cache
    const samples = Array.from({ length: pairs }, () => ({
      base: timed(['-e', '0']),
      own: timed([bin, ...args]),
    }))
    const ratio = median(samples.map(({ base, own }) => own / base))
    ratios.set(name, ratio)
    const ms = median(samples.map(({ own }) => own)).toFixed(1)
    const baseMs = median(samples.map(({ base }) => base)).toFixed(1)
    console.log(`${name.padEnd(16)}  ${ratio.toFixed(2)}x  ${ms.padStart(6)}  ${baseMs.padStart(9)}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (ratios.get('sendMessage')! > sendRatioMax) {
  console.error(`sendMessage takes more than ${sendRatioMax} times an empty Node process`)
  process.exitCode = 1
}
