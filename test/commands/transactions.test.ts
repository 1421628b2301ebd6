import assert from 'node:assert/strict'
import { ended, runBinary, startBinary, suiteFolder, type Ran } from '../run-binary.ts'

interface Row {
  readonly transactionId: string
  readonly outcome: string
  readonly topic: string
  readonly keys: readonly string[]
}

describe('transactions in a folder', () => {
  const folder = suiteFolder()
  const run = (args: readonly string[], input = ''): Promise<Ran> =>
    runBinary([...args, '--store', folder.path('store')], { input })
  const rows = <T>(ran: Ran): T[] =>
    ran.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T)
  const bodies = async (): Promise<string[]> =>
    rows<{ body: string }>(await run(['consumeMessage', '-t', 'T', '-o', 'ndjson'])).map(({ body }) => body)
  const half = async (body: string, group = 'PG', ...args: string[]): Promise<string> => {
    const send = ['sendMessage', '-t', 'T', '-p', body, '--transaction', '--producer-group', group, '--quiet']
    const { status, stdout, stderr } = await run([...send, ...args])
    assert.equal(status, 0, stderr)
    return stdout.trim()
  }
  const open = async (...args: string[]): Promise<Row[]> =>
    rows(await run(['transactions', '-o', 'ndjson', ...args]))

  before(() => run(['updateTopic', '-t', 'T', '-r', '1', '-w', '1']))

  it('show what is committed, and only once', async () => {
    const [first, second] = [await half('first', 'PG', '-k', 'k1'), await half('second')]
    assert.deepEqual(await bodies(), [])
    assert.deepEqual(
      (await open('-g', 'PG')).map(({ transactionId, outcome, topic, keys }) => [
        transactionId,
        outcome,
        topic,
        keys,
      ]),
      [
        [first, 'open', 'T', ['k1']],
        [second, 'open', 'T', []],
      ],
    )
    assert.deepEqual(await open('-g', 'OTHERS'), [])
    const committed = await run(['endTransaction', 'commit', first])
    assert.deepEqual([committed.status, committed.stderr], [0, ''])
    assert.match(committed.stdout, new RegExp(`${first} +commit +PG +T +k1`))
    assert.equal((await run(['endTransaction', 'rollback', second])).status, 0)
    assert.deepEqual(await bodies(), ['first'])
    const again = await run(['endTransaction', 'commit', second])
    assert.equal(again.status, 1)
    assert.match(again.stderr, /decided before/)
    assert.deepEqual(await open(), [])
  })

  it('say what they cannot do', async () => {
    assert.equal((await run(['endTransaction', 'commit', 'nothing'])).status, 4)
    assert.equal((await run(['endTransaction', 'perhaps', 'x'])).status, 2)
    assert.equal((await run(['transactions', '--exec', 'true'])).status, 2)
    assert.equal((await run(['transactions', '--listen', '-g', 'PG'])).status, 2)
    assert.equal((await runBinary(['transactions', '--store', folder.path('absent')])).status, 4)
  })

  it('are decided by a command: 0 commits, 1 rolls back, anything else asks again later', async () => {
    await run(['sendMessage', '-t', 'T', '--lines', '--transaction', '--producer-group', 'PG'], '0\n1\n7\n')
    const other = await half('0', 'OTHERS')
    const decide = 'exit $(cat)'
    const asked = await run(['transactions', '-g', 'PG', '--exec', decide, '--after', '1ms', '-o', 'ndjson'])
    assert.deepEqual(
      rows<Row>(asked).map(({ outcome }) => outcome),
      ['commit', 'rollback', 'unknown'],
    )
    assert.deepEqual((await bodies()).slice(1), ['0'])
    assert.ok((await open()).some(({ transactionId }) => transactionId === other))
    assert.equal((await open()).length, 2)
  })

  it('are listened for until it is interrupted', async () => {
    const args = [
      'transactions',
      '--listen',
      '-g',
      'LG',
      '--exec',
      'exit 0',
      '--after',
      '1ms',
      '-o',
      'ndjson',
    ]
    const child = startBinary([...args, '--store', folder.path('store')])
    const result = ended(child)
    await half('heard', 'LG')
    await new Promise<void>((resolve) => child.stdout!.once('data', () => resolve()))
    child.kill('SIGINT')
    const ran = await result
    assert.equal(ran.status, 0)
    assert.deepEqual(
      rows<Row>(ran).map(({ outcome }) => outcome),
      ['commit'],
    )
    assert.ok((await bodies()).includes('heard'))
  })
})
