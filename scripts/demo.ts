import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const linesShown = 4

interface Ran {
  readonly stdout: string
  readonly ms: number
}

/** Runs a command on the folder, shows it as it would be typed, and what it printed first. */
function run(store: string, words: readonly string[], inputFile?: string): Ran {
  const typed = words.map((word) => (/^[\w=./-]+$/.test(word) ? word : `'${word}'`)).join(' ')
  console.log(`$ pocketmq ${typed}${inputFile === undefined ? '' : ` < ${inputFile}`}`)
  const input = inputFile === undefined ? '' : readFileSync(join(root, inputFile))
  const started = process.hrtime.bigint()
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'bin/run.js'), ...words], {
    input,
    env: { ...process.env, POCKETMQ_STORE: store, NAMESRV_ADDR: '' },
    encoding: 'utf8',
    maxBuffer: 1024 ** 3,
  })
  const ms = Number(process.hrtime.bigint() - started) / 1e6
  if (status !== 0) throw new Error(`pocketmq ${typed} ended with ${status}: ${stderr}`)
  const lines = stdout.trimEnd().split('\n')
  console.log(lines.slice(0, linesShown).join('\n'))
  if (lines.length > linesShown) console.log(`… ${lines.length - linesShown} more lines`)
  return { stdout, ms }
}

function demo(store: string): void {
  const topic = 'airports'
  const steps: [string, number][] = []
  const step = (what: string, { stdout, ms }: Ran): string => {
    console.log()
    steps.push([what, ms])
    return stdout
  }
  step('make the topic', run(store, ['updateTopic', '-t', topic, '-r', '4', '-w', '4']))
  const csv = 'demo/airports.csv'
  const send = ['sendMessage', '-t', topic, '--csv', '--key', 'iata', '--tag', 'state', '--quiet']
  const ids = step('send the rows', run(store, send, csv))
    .trimEnd()
    .split('\n')
  const id = ids[Math.floor(ids.length / 2)]!
  const format = 'template={msgId} {tag} {keys} {body}\\n'
  step('find one by its id', run(store, ['queryMsgById', '-t', topic, '-i', id, '-o', format]))
  const consume = [
    'consumeMessage',
    '-t',
    topic,
    '-c',
    String(ids.length),
    '-o',
    'ndjson',
    '--columns',
    'tag,keys,body',
  ]
  const consumed = step('consume them all', run(store, consume)).trimEnd().split('\n').length
  step('print the cluster', run(store, ['clusterList']))
  if (consumed !== ids.length) throw new Error(`sent ${ids.length} messages, consumed ${consumed}`)
  console.log(`${ids.length} messages sent, ${consumed} consumed; each step is a process of its own:`)
  for (const [what, ms] of steps) console.log(`${what.padEnd(20)} ${ms.toFixed(0).padStart(5)} ms`)
}

const folder = mkdtempSync(join(tmpdir(), 'pocketmq-demo-'))
try {
  demo(join(folder, 'store'))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
