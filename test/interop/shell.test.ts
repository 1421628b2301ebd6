import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pocketmq, type PocketmqRun } from './pocketmq.ts'
import { type Target, targets } from './targets.ts'

/** What shell pipelines do in a folder, on a server and on a real cluster: what that cannot do, it says. */
for (const [name, start] of Object.entries(targets)) {
  describe(`shell pipelines on ${name}`, () => {
    const isReal = name !== 'pocketmq serve'
    const topic = 'ShellT'
    let target: Target
    let state: string

    const run = ([command, ...args]: readonly string[], stdin = ''): Promise<PocketmqRun> =>
      pocketmq([command!, '-n', target.namesrv, ...args], stdin)
    const out = async (...args: string[]): Promise<string> => {
      const { stdout, stderr, exitCode } = await run(args)
      assert.deepEqual([exitCode, stderr], [0, ''], args.join(' '))
      return stdout
    }
    const words = (text: string): string[] => text.split(/\s+/).filter(Boolean).sort()
    const bodies = async (...args: string[]): Promise<string[]> =>
      words(await out('consumeMessage', '-t', topic, '-f', '%b ', ...args))
    const all = ['1', '2', '3', '4', '5', '6', '7']

    before(async () => {
      state = mkdtempSync(join(tmpdir(), 'pocketmq-state-'))
      process.env['XDG_STATE_HOME'] = state
      target = await start()
      for (const each of [topic, 'ShellAtomicT', 'ShellLaterT', 'ShellTxT'])
        await out('updateTopic', '-c', 'DefaultCluster', '-t', each, '-r', '2', '-w', '2')
      await run(['sendMessage', '-t', topic, '--lines'], all.join('\n'))
    })

    after(() => {
      delete process.env['XDG_STATE_HOME']
      rmSync(state, { recursive: true, force: true })
    })

    it('share a group, by lines and by batches, in order of a queue, or each for itself', async () => {
      const some = await bodies('-g', 'ShellG', '--commit', '-c', '3')
      const rest = await bodies('-g', 'ShellG', '--commit')
      assert.deepEqual([some.length, [...some, ...rest].sort()], [3, all])
      assert.deepEqual(await bodies('-g', 'ShellG', '--commit'), [])

      const jobs = ['consumeMessage', '-t', topic, '-g']
      const batches = await out(...jobs, 'ShellBatchG', '--exec', 'wc -l', '--exec-batch', '3')
      assert.deepEqual(words(batches), ['1', '3', '3'])

      const place = 'echo "$MQ_QUEUE_ID $MQ_QUEUE_OFFSET"'
      const lines = (
        await out(...jobs, 'ShellOrderG', '--orderly', '--exec', place, '--parallel', '4')
      ).split('\n')
      for (const queueId of ['0', '1']) {
        const offsets = lines.filter((line) => line.startsWith(queueId)).map((line) => Number(line.slice(2)))
        assert.deepEqual(offsets, [...offsets.keys()])
      }

      assert.deepEqual(await bodies('-g', 'ShellAllG', '--broadcast'), all)
      assert.deepEqual(await bodies('-g', 'ShellAllG', '--broadcast'), [])
    })

    it('send all or nothing with --atomic, and once with --dedup-key: RocketMQ cannot, and has nothing then', async () => {
      const atomic = await run(['sendMessage', '-t', 'ShellAtomicT', '--lines', '--atomic'], 'a\nb\n')
      const keyed = await run(['sendMessage', '-t', 'ShellAtomicT', '-p', 'c', '--dedup-key', 'k'])
      const stored = words(await out('consumeMessage', '-t', 'ShellAtomicT', '-f', '%b '))
      if (isReal) {
        assert.deepEqual([atomic.exitCode, keyed.exitCode, stored], [1, 1, []])
        assert.match(
          atomic.stderr,
          /^error: broker-a has no atomic sends: it is no pocketmq\nhint: .*--transaction/,
        )
        assert.match(keyed.stderr, /^error: broker-a does not know dedup keys: it is no pocketmq\nhint: /)
      } else assert.deepEqual([atomic.exitCode, keyed.exitCode, stored], [0, 0, ['a', 'b', 'c']])
    })

    it('send for later, and take back where the broker allows it', async () => {
      const later = ['sendMessage', '-t', 'ShellLaterT', '--json', '-p']
      const { recallHandle } = JSON.parse(await out(...later, 'mistake', '--delay', '1h')) as {
        recallHandle: string
      }
      await out(...later, 'soon', '--delay', '1s')
      await out(...later, 'level', '--delay-level', '1')
      const recalled = await run(['recallMessage', recallHandle])
      if (isReal) {
        assert.equal(recalled.exitCode, 1)
        assert.match(
          recalled.stderr,
          /forbidden\nhint: a RocketMQ broker takes messages back with recallMessageEnable/,
        )
      } else assert.equal(recalled.exitCode, 0)
      const come = ['consumeMessage', '-t', 'ShellLaterT', '-c', '2', '--timeout', '30s', '-f', '%b ']
      assert.deepEqual(words(await out(...come)), ['level', 'soon'])
    })

    it('commit and roll back what was sent in a transaction', async () => {
      const half = [
        'sendMessage',
        '-t',
        'ShellTxT',
        '--transaction',
        '--producer-group',
        'ShellPG',
        '--quiet',
        '-p',
      ]
      const [good, bad] = [(await out(...half, 'good')).trim(), (await out(...half, 'bad')).trim()]
      assert.deepEqual(words(await out('consumeMessage', '-t', 'ShellTxT', '-f', '%b ')), [])
      assert.deepEqual(words(await out('transactions', '-g', 'ShellPG', '--quiet')), [good, bad].sort())
      assert.match(
        await out('endTransaction', 'commit', good),
        new RegExp(`${good} +commit +ShellPG +ShellTxT`),
      )
      assert.match(await out('endTransaction', 'rollback', bad), new RegExp(`${bad} +rollback`))
      const come = ['consumeMessage', '-t', 'ShellTxT', '-c', '1', '--timeout', '30s', '-f', '%b ']
      assert.deepEqual(words(await out(...come)), ['good'])
    })

    it('move a group in all queues or one, shown before, and read back', async () => {
      const reset = ['resetOffset', '-g', 'ShellG', '-t', topic, '-o', 'ndjson', '--to']
      const moved = async (...args: string[]): Promise<[number, number][]> =>
        (await run([...reset, ...args])).stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as { queueId: number; offset: number })
          .map(({ queueId, offset }) => [queueId, offset])
      assert.deepEqual(await moved('earliest', '--dry-run'), [
        [0, 0],
        [1, 0],
      ])
      const progress = await out('consumerProgress', '-g', 'ShellG', '-t', topic, '-o', 'ndjson')
      assert.doesNotMatch(progress, /"consumerOffset":0/)
      assert.deepEqual(await moved('1', '--queue', '1'), [[1, 1]])
      assert.deepEqual(await moved('@-1h'), [
        [0, 0],
        [1, 0],
      ])
    })
  })
}
