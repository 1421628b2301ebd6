/**
 * Regenerates test/golden/wire: what the Java client and mqadmin 5.5.0 exchange with the real name server and
 * broker.
 *
 *   npx tsx test/interop/record-wire.ts [--order]
 *
 * The servers listen on 127.0.0.1 and advertise 127.0.0.2, where recording proxies with the same ports pass
 * every byte on unchanged; so this needs Linux, where all of 127.0.0.0/8 is loopback. `--order` also prints
 * which request codes each step sent, in order, with the response codes.
 */
import type { SerializeType } from '../../src/core/remoting/frame.ts'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { decodeFrame } from '../../src/core/remoting/frame.ts'
import { prepare } from './jars.ts'
import { JavaDriver } from './java-driver.ts'
import { mqadmin } from './mqadmin.ts'
import { RealCluster } from './real-cluster.ts'
import { type Exchange, RecordingProxy } from './recording-proxy.ts'

interface Step {
  readonly name: string
  readonly exchanges: readonly Exchange[]
}

const proxyHost = '127.0.0.2'
const outDir = join(import.meta.dirname, '../golden/wire')

prepare(() => {})
mkdirSync(outDir, { recursive: true })
for (const headerType of ['json', 'binary'] as const) {
  const steps = await record(headerType)
  if (process.argv.includes('--order')) for (const step of steps) printOrder(headerType, step)
  const lines = distinct(steps).map((row) => `${JSON.stringify(row)}\n`)
  writeFileSync(join(outDir, `${headerType}.ndjson`), lines.join(''))
  console.error(`${headerType}: ${lines.length} exchanges`)
}

async function record(headerType: SerializeType): Promise<Step[]> {
  const cluster = await RealCluster.start({ headerType, advertisedHost: proxyHost })
  const namesrvProxy = await RecordingProxy.start(proxyHost, cluster.namesrv)
  const brokerProxy = await RecordingProxy.start(proxyHost, cluster.broker)
  const proxies = [namesrvProxy, brokerProxy]
  const steps: Step[] = []
  const step = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    const result = await act()
    const exchanges = proxies.flatMap((proxy) => proxy.exchanges.splice(0))
    steps.push({ name, exchanges: exchanges.sort((a, b) => a.order - b.order) })
    return result
  }
  try {
    await scenario(headerType, cluster, step)
    return steps
  } finally {
    for (const proxy of proxies) await proxy.stop()
    await cluster.stop()
  }
}

async function scenario(
  headerType: SerializeType,
  cluster: RealCluster,
  step: <T>(name: string, act: () => Promise<T>) => Promise<T>,
): Promise<void> {
  const namesrv = cluster.namesrv.replace('127.0.0.1', proxyHost)
  const driver = new JavaDriver(namesrv, headerType)
  const tool = (command: string, ...args: string[]) =>
    step(`mqadmin ${[command, ...args].join(' ')}`, () =>
      mqadmin([command, '-n', namesrv, ...args], headerType),
    )

  await tool('updateTopic', '-c', 'DefaultCluster', '-t', 'WireT', '-r', '2', '-w', '2')
  await tool('updateTopic', '-b', cluster.broker.replace('127.0.0.1', proxyHost), '-t', 'bad topic')
  await tool('consumeMessage', '-t', 'WireT')
  await tool('sendMessage', '-t', 'WireT', '-p', 'hello', '-k', 'k1 k2', '-c', 'TagA')
  await tool('sendMessage', '-t', 'WireT', '-p', 'hello', '-b', 'broker-a', '-i', '77')
  await tool('sendMessage', '-t', 'AutoT', '-p', 'made on the way')
  const sent = await step('producer send', () =>
    driver.send('WireT', [
      { body: 'grün', tag: 'TagB', keys: ['key-1', 'key-2'], properties: { colour: 'grün' }, queueId: 0 },
      { bodyBase64: Buffer.alloc(5000, 'x').toString('base64'), tag: 'TagA', queueId: 1 },
      { body: 'delayed', properties: { DELAY: '1' }, queueId: 1 },
    ]),
  )
  await step('producer send batch', () =>
    driver.sendBatch('WireT', [
      { body: 'b0', keys: ['b'] },
      { body: 'b1', tag: 'TagA' },
    ]),
  )
  await step('pull consumer pull', () => driver.pull('WireT'))
  await step('pull consumer pull by tag', () => driver.pull('WireT', { tag: 'TagB || TagC' }))
  await step('lite pull consumer assign, poll, commit', () =>
    driver.litePull('WireT', { group: 'WireG', commit: true }),
  )
  await step('pull consumer commit offset', () => driver.commitOffset('WireT', 'WireG', 0, 1))
  await step('pull consumer offsets', () =>
    driver.offsets('WireT', { group: 'WireG', time: Date.now() - 60_000 }),
  )
  await step('view by offset id', () => driver.view('WireT', sent[0]!.offsetMsgId))
  await step('view by an id that holds no message', () =>
    driver.view('WireT', `${sent[0]!.offsetMsgId.slice(0, -6)}FFFFFF`).catch(() => null),
  )
  await step('query by key', () => indexed(() => driver.query('WireT', 'key-1')))
  await step('view by unique key', () => driver.view('WireT', sent[1]!.msgId))
  await step('query by unknown key', () => driver.query('WireT', 'no-such-key').catch(() => []))
  await step('pull of an unknown topic', () => driver.pull('NoSuchT').catch(() => []))
  await tool('consumeMessage', '-t', 'WireT')
  await tool('consumeMessage', '-t', 'WireT', '-b', 'broker-a', '-i', '0', '-o', '1')
  await tool('consumeMessage', '-t', 'WireT', '-s', String(Date.now() - 60_000), '-e', String(Date.now() - 1))
  await tool('queryMsgById', '-t', 'WireT', '-i', sent[0]!.offsetMsgId)
  await tool('queryMsgById', '-t', 'WireT', '-i', sent[0]!.msgId)
  await tool('queryMsgById', '-t', 'WireT', '-i', '0102')
  await tool('topicList')
  await tool('topicList', '-c')
  await tool('topicRoute', '-t', 'WireT')
  await tool('topicRoute', '-t', 'NoSuchT')
  await tool('clusterList')
  await tool('clusterList', '-m')
}

/** The broker indexes keys a moment after it has acknowledged. */
async function indexed<T>(query: () => Promise<T[]>): Promise<T[]> {
  for (let attempt = 1; ; attempt++) {
    const found = await query().catch((): T[] => [])
    if (found.length > 0 || attempt === 20) return found
    await delay(100)
  }
}

interface Row {
  readonly step: string
  readonly code: number
  readonly responseCode: number | null
  readonly request: string
  readonly response: string | null
}

/** One exchange of each shape: code, response code, names of the header fields, with or without bodies. */
function distinct(steps: readonly Step[]): Row[] {
  const rows = new Map<string, Row>()
  for (const { name, exchanges } of steps) {
    for (const { code, request, response } of exchanges) {
      const answer = response === null ? null : decodeFrame(response, 0, response.length)
      const key = `${code} ${answer?.code} ${shape(request)} ${response === null ? '' : shape(response)}`
      if (rows.has(key)) continue
      rows.set(key, {
        step: name,
        code,
        responseCode: answer?.code ?? null,
        request: request.toString('hex'),
        response: response?.toString('hex') ?? null,
      })
    }
  }
  return [...rows.values()].sort((a, b) => a.code - b.code)
}

function shape(frame: Buffer): string {
  const { ext, remark, body } = decodeFrame(frame, 0, frame.length)
  return [...Object.keys(ext).sort(), remark !== null, body.length > 0].join()
}

function printOrder(headerType: SerializeType, { name, exchanges }: Step): void {
  console.log(`## ${headerType}: ${name}`)
  for (const { code, request, response } of exchanges) {
    const asked = decodeFrame(request, 0, request.length)
    const answer = response === null ? null : decodeFrame(response, 0, response.length)
    console.log(`${code} ${JSON.stringify(asked.ext)} ${bodyText(asked.body)}`)
    console.log(
      answer === null
        ? '  -> none'
        : `  -> ${answer.code} flag=${answer.flag} ${answer.remark ?? ''} ${JSON.stringify(answer.ext)} ${bodyText(answer.body)}`,
    )
  }
}

function bodyText(body: Buffer): string {
  return body[0] === 0x7b /* { */ ? body.toString('utf8') : `${body.length} bytes`
}
