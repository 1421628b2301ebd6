import assert from 'node:assert/strict'
import { runJava } from './jvm.ts'
import { pocketmq } from './pocketmq.ts'
import { targets } from './targets.ts'

describe('a Java push consumer with a SQL92 subscription, on pocketmq serve', () => {
  let namesrv = ''

  async function send(...prices: string[]): Promise<void> {
    const lines = prices.map((price) => JSON.stringify({ body: price, properties: { price } }))
    const { exitCode } = await pocketmq(
      ['sendMessage', '-n', namesrv, '-t', 'SqlT', '--ndjson'],
      lines.join('\n'),
    )
    assert.equal(exitCode, 0)
  }

  before(async () => {
    ;({ namesrv } = await targets['pocketmq serve']())
    await send('5', '15', 'none', '25')
  })

  it('is given what passes, of what was there and of what comes', async () => {
    const consuming = runJava([], ['SqlConsumer', namesrv, 'SqlT', 'SqlG', 'price > 10', '4'])
    const waited = await pocketmq(['wait', '-n', namesrv, 'group/SqlG:members=1', '--timeout', '30s'])
    assert.equal(waited.exitCode, 0, waited.stderr)
    await send('7', '35', '45')
    const { stdout, stderr, exitCode } = await consuming
    assert.equal(exitCode, 0, `${stdout}${stderr}`)
    assert.deepEqual(stdout.trimEnd().split('\n').sort(), ['15', '25', '35', '45', 'started'])
  })

  it('is told at its start that its expression is wrong', async () => {
    const { stdout, stderr, exitCode } = await runJava(
      [],
      ['SqlConsumer', namesrv, 'SqlT', 'SqlBad', 'price >', '1'],
    )
    assert.deepEqual([exitCode, stdout], [2, ''])
    assert.match(stderr, /character 8: a property, a number/)
  })
})
