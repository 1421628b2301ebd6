/** The tables of mqadmin 5.5.0, cell by cell: its header line, and rows whose cells begin where its do. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import { Consumer } from '../../src/core/library/consumer.ts'
import { Producer } from '../../src/core/library/producer.ts'
import { runBinary, startBinary, suiteFolder } from '../run-binary.ts'

interface Table {
  readonly line: string
  /** Java's formats, as in RocketMQ's source. */
  readonly header: string
  readonly titles: string
  readonly row: string
  /** What one of the rows has in its cells; `…` is anything. */
  readonly cells: readonly string[]
}

/** `%-20s` as `%-20d` and `%-20.2f`; a cell may be wider than its column. */
function printf(format: string, cells: readonly string[]): string {
  let at = 0
  return format.replaceAll(/%(-?)(\d*)(?:\.\d+)?[sdf]/g, (_all, left: string, width: string) => {
    const cell = cells[at++]!
    return left === '' ? cell.padStart(Number(width)) : cell.padEnd(Number(width))
  })
}

/** A pattern of the lines that a format makes of cells. */
function rowPattern(format: string, cells: readonly string[]): RegExp {
  let at = 0
  const pattern = format
    .split(/(%-?\d*(?:\.\d+)?[sdf])/)
    .map((part) => {
      const [, left, width = ''] = /^%(-?)(\d*)/.exec(part) ?? []
      if (left === undefined) return part.replaceAll(/[()|]/g, '\\$&')
      const cell = cells[at++]!
      const padding = Number(width) - cell.length
      const known = cell.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
      if (cell === '…') return width === '' ? '.*' : `(?:.{${width}}|\\S.{${width},}?)`
      const blanks = ' '.repeat(Math.max(0, padding))
      return left === '' ? blanks + known : known + blanks
    })
    .join('')
  return new RegExp(`^${pattern}\\s*$`, 'm')
}

const topicStatus: Table = {
  line: 'topicStatus -t orders',
  header: '%-32s  %-4s  %-20s  %-20s    %s',
  titles: '#Broker Name|#QID|#Min Offset|#Max Offset|#Last Updated',
  row: '%-32s  %-4d  %-20d  %-20d    %s',
  cells: ['broker-a', '0', '0', '2', '…'],
}
const progressTitles = '#Topic|#Broker Name|#QID|#Broker Offset|#Consumer Offset'
const moves = { header: '%-40s  %-40s  %-40s', titles: '#brokerName|#queueId|#offset' }

const onFolder: readonly Table[] = [
  topicStatus,
  {
    line: 'topicList -c',
    header: '%-20s  %-48s  %-48s',
    titles: '#Cluster Name|#Topic|#Consumer Group',
    row: '%-20s  %-64s  %-64s',
    cells: ['DefaultCluster', 'orders', 'billing'],
  },
  {
    line: 'topicRoute -t orders -l',
    header: '%-45s %-32s %-50s %-10s %-11s %-5s',
    titles: '#ClusterName|#BrokerName|#BrokerAddrs|#ReadQueue|#WriteQueue|#Perm',
    row: '%-45s %-32s %-50s %-10s %-11s %-5s',
    cells: ['DefaultCluster', 'broker-a', '{0=127.0.0.1:9876}', '3', '1', '6'],
  },
  {
    line: 'sendMessage -t other -p hello',
    header: '%-32s  %-4s  %-20s    %s',
    titles: '#Broker Name|#QID|#Send Result|#MsgId',
    row: '%-32s  %-4s  %-20s    %s',
    cells: ['broker-a', '0', 'SEND_OK', '…'],
  },
  {
    line: 'checkMsgSendRT -t other -a 2 -s 16',
    header: '%-32s  %-4s  %-20s    %s',
    titles: '#Broker Name|#QID|#Send Result|#RT',
    row: '%-32s  %-4s  %-20s    %s',
    cells: ['broker-a', '0', 'true', '…'],
  },
  {
    line: 'queryMsgByKey -t orders -k k1',
    header: '%-50s %4s %40s %s',
    titles: '#Message ID|#QID|#Offset|#IndexKey',
    row: '%-50s %4d %40d %s',
    cells: ['…', '0', '1', '…'],
  },
  {
    line: 'consumerProgress -g billing',
    header: '%-64s  %-32s  %-4s  %-20s  %-20s  %-20s %-20s%s',
    titles: `${progressTitles}|#Diff|#Inflight|#LastTime`,
    row: '%-64s  %-32s  %-4d  %-20d  %-20d  %-20d %-20d %s',
    cells: ['orders', 'broker-a', '0', '2', '1', '1', '…', '…'],
  },
  {
    line: 'consumerProgress -g billing -s true',
    header: '%-64s  %-32s  %-4s  %-20s  %-20s  %-20s %-20s %-20s%s',
    titles: `${progressTitles}|#Client IP|#Diff|#Inflight|#LastTime`,
    row: '%-64s  %-32s  %-4d  %-20d  %-20d  %-20s %-20d %-20d %s',
    cells: ['orders', 'broker-a', '0', '2', '1', 'N/A', '1', '…', '…'],
  },
  {
    line: 'consumerProgress',
    header: '%-64s  %-6s  %-24s %-5s  %-14s  %-7s  %s',
    titles: '#Group|#Count|#Version|#Type|#Model|#TPS|#Diff Total',
    row: '%-64s  %-6d  %-24s %-5s  %-14s  %-7d  %d',
    cells: ['billing', '0', 'OFFLINE', '', '', '0', '1'],
  },
  {
    line: 'brokerConsumeStats',
    header: '%-64s  %-64s  %-32s  %-4s  %-20s  %-20s  %-20s  %s',
    titles: '#Topic|#Group|#Broker Name|#QID|#Broker Offset|#Consumer Offset|#Diff|#LastTime',
    row: '%-64s  %-64s  %-32s  %-4d  %-20d  %-20d  %-20d  %s',
    cells: ['orders', 'billing', 'broker-a', '0', '2', '1', '1', '…'],
  },
  {
    line: 'statsAll -t orders',
    header: '%-64s  %-64s %12s %11s %11s %14s %14s',
    titles: '#Topic|#Consumer Group|#Accumulation|#InTPS|#OutTPS|#InMsg24Hour|#OutMsg24Hour',
    row: '%-64s  %-64s %12d %11.2f %11.2f %14d %14d',
    cells: ['orders', 'billing', '1', '…', '…', '2', '…'],
  },
  {
    line: 'clusterList',
    header: '%-22s  %-22s  %-4s  %-22s %-16s  %16s  %30s  %-22s  %-11s  %-12s  %-8s  %-10s',
    titles:
      '#Cluster Name|#Broker Name|#BID|#Addr|#Version|#InTPS(LOAD)|#OutTPS(LOAD)|#Timer(Progress)|' +
      '#PCWait(ms)|#Hour|#SPACE|#ACTIVATED',
    row: '%-22s  %-22s  %-4s  %-22s %-16s  %16s  %30s  %-22s  %11s  %-12s  %-8s  %10s',
    cells: 'DefaultCluster|broker-a|0|127.0.0.1:9876|V5_5_0|…|…|…|0|…|…|true'.split('|'),
  },
  {
    line: 'clusterList -m',
    header: '%-16s  %-32s %14s %14s %14s %14s',
    titles: '#Cluster Name|#Broker Name|#InTotalYest|#OutTotalYest|#InTotalToday|#OutTotalToday',
    row: '%-16s  %-32s %14d %14d %14d %14d',
    cells: ['DefaultCluster', 'broker-a', '…', '…', '…', '…'],
  },
  {
    line: 'resetOffsetByTime -g billing -t orders -s 0',
    ...moves,
    row: moves.header,
    cells: ['broker-a', '0', '0'],
  },
  {
    line: 'skipAccumulatedMessage -g billing -t orders',
    ...moves,
    row: moves.header,
    cells: ['broker-a', '0', '2'],
  },
]

const onServer: readonly Table[] = [
  {
    line: 'consumerConnection -g pay',
    header: '%-36s %-22s %-10s %s',
    titles: '#ClientId|#ClientAddr|#Language|#Version',
    row: '%-36s %-22s %-10s %s',
    cells: ['…', '…', 'NODE_JS', '…'],
  },
  {
    line: 'consumerConnection -g pay',
    header: '%-20s %s',
    titles: '#Topic|#SubExpression',
    row: '%-20s %s',
    cells: ['orders', 'paid || sent'],
  },
  {
    line: 'consumerProgress',
    header: '%-64s  %-6s  %-24s %-5s  %-14s  %-7s  %s',
    titles: '#Group|#Count|#Version|#Type|#Model|#TPS|#Diff Total',
    row: '%-64s  %-6d  %-24s %-5s  %-14s  %-7d  %d',
    cells: ['pay', '1', '…', 'PUSH', 'CLUSTERING', '0', '0'],
  },
]

function printsTables(tables: readonly Table[], run: (args: string[]) => ReturnType<typeof runBinary>): void {
  for (const { line, header, titles, row, cells } of tables) {
    it(`${line}: ${titles.split('|', 2).join(', ')} …`, async () => {
      const { stdout, stderr, status } = await run(line.split(' '))
      assert.deepEqual([status, stderr], [0, ''])
      const head = printf(header, titles.split('|')).trimEnd()
      assert.ok(
        stdout.split('\n').some((each) => each.trimEnd() === head),
        `no line\n${head}\nin\n${stdout}`,
      )
      assert.match(stdout, rowPattern(row, cells))
    })
  }
}

describe("the columns of mqadmin's tables", () => {
  describe('on a folder', () => {
    const folder = suiteFolder()
    const run = (args: readonly string[], input = ''): ReturnType<typeof runBinary> =>
      runBinary([...args, '--store', folder.path('store')], { input })

    before(async () => {
      await run(['updateTopic', '-t', 'orders', '-r', '3', '-w', '1'])
      await run(['updateTopic', '-t', 'other', '-r', '1', '-w', '1'])
      await run(['sendMessage', '-t', 'orders', '--ndjson'], '{"body":"a"}\n{"body":"b","keys":["k1"]}\n')
      await run(['consumeMessage', '-t', 'orders', '-g', 'billing', '--commit', '-c', '1'])
    })

    printsTables(onFolder, run)
  })

  describe('on a server, beside a producer and a consumer', () => {
    let server: ChildProcess
    let namesrv: string
    let consumer: Consumer
    let producer: Producer
    let asker: ChildProcess
    const run = (args: readonly string[]): ReturnType<typeof runBinary> => runBinary([...args, '-n', namesrv])

    before(async function () {
      this.timeout(60_000)
      server = startBinary(['serve', '--ephemeral', '--port', '0', '--topic', 'orders:2'])
      const [text] = (await once(server.stdout!, 'data')) as [Buffer]
      namesrv = /at (\S+:\d+)/.exec(text.toString())![1]!
      asker = startBinary(['request', '-t', 'asked', '-p', 'x', '--timeout', '5m', '-n', namesrv])
      producer = new Producer({ namesrv })
      await new Promise<void>((resolve, reject) => {
        const options = { namesrv, group: 'pay', topic: { orders: 'paid || sent' }, from: 'first' } as const
        consumer = new Consumer(options, () => resolve())
        const sent = (): Promise<unknown> => producer.send({ topic: 'orders', body: 'x', tag: 'paid' })
        consumer.start().then(sent).catch(reject)
      })
      await run(['wait', 'group/pay:lag=0', 'topic/asked:messages=1', '--timeout', '15s'])
    })

    after(async () => {
      await consumer.close()
      await producer.close()
      for (const child of [asker, server]) {
        child.kill('SIGTERM')
        await once(child, 'close')
      }
    })

    printsTables(onServer, run)

    it('producerConnection and producer: a line for each of a group', async () => {
      const connection = await run(['producerConnection', '-g', 'TOOLS_PRODUCER', '-t', 'orders'])
      assert.match(
        connection.stdout,
        rowPattern('%s  %-32s %-22s %-8s %s', ['0001', '…', '…', 'NODE_JS', '…']),
      )
      const all = await run(['producer', '-b', namesrv])
      assert.match(
        all.stdout,
        /^producer group \(TOOLS_PRODUCER\) instance : clientId=\S+,remoteIP=\/127\.0\.0\.1:\d+, language=NODE_JS, version=\d+, lastUpdateTimestamp=\d{13}$/m,
      )
    })

    it('wipeWritePerm and addWritePerm: how many topics, and what producers may then do', async () => {
      const said = (what: string): RegExp =>
        new RegExp(
          `^${what} write perm of broker\\[broker-a\\] in name server\\[${namesrv}\\] OK, [1-9]\\d*\n$`,
        )
      assert.match((await run(['wipeWritePerm', '-b', 'broker-a'])).stdout, said('wipe'))
      const refused = await run(['sendMessage', '-t', 'orders', '-p', 'x'])
      assert.deepEqual([refused.status, /no writable queue/.test(refused.stderr)], [1, true])
      assert.match((await run(['addWritePerm', '-b', 'broker-a'])).stdout, said('add'))
      assert.equal((await run(['sendMessage', '-t', 'orders', '-p', 'x'])).status, 0)
      const [row] = (await run(['addWritePerm', '-b', 'broker-a', '-o', 'ndjson'])).stdout.split('\n')
      assert.deepEqual(Object.keys(JSON.parse(row!) as object), ['address', 'topics'])
    })
  })
})
