/**
 * What a shell script sees of a folder, nothing running: `npm run bench:folder [-- --messages 1000000]`. A
 * file of NDJSON goes in, comes out again, jobs are run, each by the built command as a whole process; the
 * small commands follow (bench/cli.ts). Beside the first two runs a Node script that only reads such a
 * file, parses each line and writes it again: what the machine gives at that moment. Fails when a target is
 * missed, with `--strict`.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    jobs: { type: 'string', default: '1000' },
    strict: { type: 'boolean', default: false },
  },
})
const [messages, jobs] = [Number(values.messages), Number(values.jobs)]
const bin = join(import.meta.dirname, '../bin/run.js')
const root = mkdtempSync(join(tmpdir(), 'pocketmq-bench-'))
const path = (name: string): string => join(root, name)
const env = { ...process.env, NAMESRV_ADDR: '', POCKETMQ_STORE: path('store') }
let missed = 0

/** Reads NDJSON and writes it, nothing else. */
const baseline = `
  let rest = ''
  process.stdin.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\\n')
    rest = lines.pop()
    process.stdout.write(lines.map((line) => JSON.stringify(JSON.parse(line)) + '\\n').join(''))
  })`

/** @returns seconds of a whole process */
function timed(args: readonly string[], input: string | null, output: string | null): number {
  const stdin = input === null ? ('ignore' as const) : openSync(path(input), 'r')
  const stdout = output === null ? ('ignore' as const) : openSync(path(output), 'w')
  const started = performance.now()
  const { status } = spawnSync(process.execPath, args, { env, stdio: [stdin, stdout, 'inherit'] })
  const seconds = (performance.now() - started) / 1000
  for (const file of [stdin, stdout]) if (typeof file === 'number') closeSync(file)
  if (status !== 0) throw new Error(`${args.slice(1).join(' ')} ended with ${status}`)
  return seconds
}

function report(what: string, rate: number, least: number, more: string): void {
  if (rate < least) missed++
  const verdict = rate < least ? 'MISSED' : 'met'
  console.log(`${what.padEnd(24)} ${Math.round(rate)}/s (at least ${least}: ${verdict})${more}`)
}

function writeInput(): void {
  const file = openSync(path('in'), 'w')
  const body = 'x'.repeat(128)
  for (let from = 0; from < messages; from += 10_000) {
    const count = Math.min(10_000, messages - from)
    const lines = Array.from({ length: count }, (_, i) => JSON.stringify({ body, keys: [`key${from + i}`] }))
    writeSync(file, `${lines.join('\n')}\n`)
  }
  closeSync(file)
}

try {
  writeInput()
  const plain = timed(['-e', baseline], 'in', 'plain')
  const sent = timed([bin, 'sendMessage', '-t', 'bench', '--ndjson', '--quiet'], 'in', 'ids')
  report(
    'NDJSON in, indexed',
    messages / sent,
    200_000,
    `, ${(sent / plain).toFixed(1)} times read and written only`,
  )
  const taken = timed(
    [bin, 'consumeMessage', '-t', 'bench', '-c', String(messages), '-o', 'ndjson'],
    null,
    'out',
  )
  report(
    'NDJSON out',
    messages / taken,
    300_000,
    `, ${(taken / plain).toFixed(1)} times read and written only`,
  )
  const verified = spawnSync(process.execPath, [bin, 'store', 'verify', '--json'], { env, encoding: 'utf8' })
  if (verified.status !== 0) throw new Error(`verify: ${verified.stdout}${verified.stderr}`)

  spawnSync('head', ['-n', String(jobs), path('in')], {
    stdio: ['ignore', openSync(path('jobs'), 'w'), 'inherit'],
  })
  timed([bin, 'sendMessage', '-t', 'jobs', '--ndjson', '--quiet'], 'jobs', null)
  const work = ['consumeMessage', '-t', 'jobs', '-g', 'workers', '--exec', 'true', '--parallel', '4']
  const started = timed([bin, ...work, '-c', String(jobs), '--quiet'], null, null)
  report('jobs, --exec true', jobs / started, 100, '')
} finally {
  rmSync(root, { recursive: true, force: true })
}
if (missed > 0) {
  console.error(`${missed} targets missed`)
  if (values.strict) process.exitCode = 1
}
