import assert from 'node:assert/strict'
import { pocketmq, type PocketmqRun } from './pocketmq.ts'
import { type Target, targets } from './targets.ts'

/** What scripts wait for and check is the same on a real cluster. */
for (const [name, start] of Object.entries(targets)) {
  describe(`wait, assert and --where on ${name}`, () => {
    let target: Target
    const run = ([command, ...args]: readonly string[], stdin = ''): Promise<PocketmqRun> =>
      pocketmq([command!, '-n', target.namesrv, ...args], stdin)

    before(async () => {
      target = await start()
      const updated = await run([
        'updateTopic',
        '-c',
        'DefaultCluster',
        '-t',
        'ScriptT',
        '-r',
        '1',
        '-w',
        '1',
      ])
      assert.equal(updated.exitCode, 0)
      // one after the other: a real broker may store what is in flight together in another order
      for (const [i, price] of ['5', '15', 'none', '25'].entries()) {
        const tag = i % 2 === 0 ? 'A' : 'B'
        const line = JSON.stringify({ body: price, keys: [`k${i}`], tag, properties: { price } })
        assert.equal((await run(['sendMessage', '-t', 'ScriptT', '--ndjson'], line)).exitCode, 0)
      }
    })

    it('waits for broker, topic and group', async () => {
      const conditions = ['broker', 'topic/ScriptT', 'topic/ScriptT:messages=4', 'group/ScriptG:members=0']
      const { exitCode, stdout } = await run(['wait', ...conditions, '--timeout', '30s', '-o', 'ndjson'])
      assert.equal(exitCode, 0)
      assert.equal(stdout.trimEnd().split('\n').length, 4)
      const missing = await run(['wait', 'topic/ScriptGone', 'group/ScriptG:lag=0', '--timeout', '1s'])
      assert.equal(missing.exitCode, 6)
      assert.match(missing.stderr, /topic\/ScriptGone \(no such topic.*group\/ScriptG:lag=0 \(/)
    })

    it('asserts, with the nearest misses', async () => {
      const found = await run([
        'assert',
        'ScriptT',
        '-k',
        'k1',
        '--where',
        'price > 10',
        '--within',
        '30s',
        '--quiet',
      ])
      assert.deepEqual([found.exitCode, found.stderr], [0, ''])
      const missed = await run(['assert', 'ScriptT', '-k', 'k2', '--where', 'price > 10'])
      assert.equal(missed.exitCode, 7)
      assert.match(
        missed.stderr,
        /nearest: broker-a queue 0 offset 3: key k3; broker-a queue 0 offset 2: price = 'none'/,
      )
      assert.equal((await run(['assert', 'ScriptT', '-k', 'k9', '--none', '--within', '300ms'])).exitCode, 0)
    })

    it('filters by SQL92, on this side where the broker refuses', async () => {
      const where = ['--where', 'price > 10', '--tag', 'B || C', '-f', '%b\\n']
      const { exitCode, stdout, stderr } = await run(['consumeMessage', '-t', 'ScriptT', ...where])
      assert.deepEqual([exitCode, stdout], [0, '15\n25\n'])
      if (name === 'pocketmq serve') assert.equal(stderr, '')
      else assert.match(stderr, /^note: the broker does not filter by SQL92 [^\n]+\n$/)
    })

    it('hands messages of a group out in order, and its lag falls to nothing', async () => {
      const args = ['consumeMessage', '-t', 'ScriptT', '-g', 'ScriptO', '--orderly', '--exec', 'cat; echo']
      const { exitCode, stdout } = await run([...args, '-c', '4', '--timeout', '30s'])
      assert.deepEqual([exitCode, stdout], [0, '5\n15\nnone\n25\n'])
      assert.equal((await run(['wait', 'group/ScriptO:lag=0', '--timeout', '30s'])).exitCode, 0)
    })
  })
}
