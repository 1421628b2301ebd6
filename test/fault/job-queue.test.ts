import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ChildProcess } from 'node:child_process'
import { ended, runBinary, startBinary, type Ran } from '../run-binary.ts'
import { faultFolder } from './fault-folder.ts'
import { Random } from './random.ts'
import { count, seed } from './tier.ts'

const workerCount = 8
const parallel = 2

/** One run of a job: which message it was given, and at which of its deliveries, from 0. */
interface Run {
  readonly msgId: string
  readonly delivery: number
  readonly job: string
}

/**
 * `consumeMessage --exec` on a folder: workers die at any moment, their jobs run on or not. Each job is
 * done at least once; one that was acknowledged never runs again; what always fails, and nothing else, is a
 * dead letter.
 */
describe('a job queue whose workers are killed', () => {
  const folder = faultFolder()
  const random = new Random(seed)
  const jobs = count('JOBS', 400, 10_000)
  const kills = count('JOB_KILLS', 16, 200)
  // the more kills, the likelier one job meets several: it must not run out of retries by that
  const retriesMax = count('JOB_RETRIES', 2, 4)
  const isBad = (job: string): boolean => job.startsWith('bad')

  it(`${kills} times: ${jobs} jobs are done, each repeat is one that nobody acknowledged`, async () => {
    const path = folder.make()
    const [runsFile, doneFile] = ['runs', 'done'].map((name) => join(path, name)) as [string, string]
    const store = ['--store', join(path, 'store')]
    const run = async (...args: string[]): Promise<Ran> => runBinary([...args, ...store])
    const names = Array.from({ length: jobs }, (_, i) => (i % 40 === 7 ? `bad${i}` : `job${i}`))
    assert.equal((await run('updateSubGroup', '-g', 'workers', '-r', String(retriesMax))).status, 0)
    const sent = await runBinary(['sendMessage', '-t', 'jobs', '--lines', '--quiet', ...store], {
      input: names.join('\n'),
    })
    assert.equal(sent.status, 0, sent.stderr)

    // one write a line: what several append at once does not mix
    const job =
      `read -r job; echo "$MQ_MSG_ID $MQ_RECONSUME_TIMES $job" >> ${runsFile}; ` +
      `case $job in bad*) exit 1;; esac; echo "$job" >> ${doneFile}`
    const told: string[] = []
    const start = (): ChildProcess => {
      const options = ['--parallel', String(parallel), '--invisible', '3s', '--follow', '-o', 'ndjson']
      const worker = startBinary([
        'consumeMessage',
        '-t',
        'jobs',
        '-g',
        'workers',
        '--exec',
        job,
        ...options,
        ...store,
      ])
      worker.stdin!.end()
      let rest = ''
      worker.stdout!.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop()!
        told.push(...lines)
      })
      return worker
    }
    const lines = (file: string): string[] =>
      existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
    const workers = Array.from({ length: workerCount }, start)
    for (let killed = 0; killed < kills; killed++) {
      // none is spared: a kill needs someone at work
      for (const before = lines(runsFile).length; lines(runsFile).length <= before + random.below(8);) {
        if (lines(doneFile).length >= names.length * 0.9) break
        await pause(10)
      }
      const at = random.below(workers.length)
      const end = ended(workers[at]!)
      workers[at]!.kill('SIGKILL')
      assert.equal((await end).status, 'SIGKILL')
      workers[at] = start()
    }
    const bad = names.filter(isBad)
    const deadLetters = async (): Promise<string[]> => {
      const { status, stdout } = await run(
        'consumeMessage',
        '-t',
        '%DLQ%workers',
        '-c',
        '100000',
        '-f',
        '%b\\n',
      )
      return status === 0 ? stdout.split('\n').filter((line) => line !== '') : []
    }
    while (lines(doneFile).length < names.length - bad.length || (await deadLetters()).length < bad.length)
      await pause(500)
    // the jobs that still run, and the retries of what killed workers had acknowledged to nobody
    await pause(4000)
    const ends = workers.map((worker) => ended(worker))
    for (const worker of workers) worker.kill('SIGTERM')
    await Promise.all(ends)

    const runs = lines(runsFile).map((line): Run => {
      const [msgId, delivery, name] = line.split(' ') as [string, string, string]
      return { msgId, delivery: Number(delivery), job: name }
    })
    judge(names, runs, lines(doneFile), told)
    assert.deepEqual(
      (await deadLetters()).sort(),
      [...bad].sort(),
      'dead letters are what always fails, once each',
    )
    const left = await run('consumeMessage', '-t', 'jobs', '-g', 'workers', '--commit', '--quiet')
    assert.deepEqual([left.status, left.stdout], [0, ''], 'nothing is left to do')
    const repeats = runs.filter((each) => each.delivery > 0 && !isBad(each.job)).length
    console.log(`      ${runs.length} runs of ${jobs} jobs, ${repeats} repeats, SEED=${seed}`)
  })

  function judge(
    names: readonly string[],
    runs: readonly Run[],
    done: readonly string[],
    told: string[],
  ): void {
    const good = names.filter((name) => !isBad(name))
    assert.deepEqual([...new Set(done)].sort(), [...good].sort(), 'each is done at least once')
    const acknowledged = new Map<string, number>()
    for (const line of told) {
      const { msgId, reconsumeTimes, outcome } = JSON.parse(line) as Record<string, string | number>
      if (outcome !== 'ack') continue
      assert.ok(!acknowledged.has(String(msgId)), `${msgId} was acknowledged twice`)
      acknowledged.set(String(msgId), Number(reconsumeTimes))
    }
    const deliveries = new Set<string>()
    for (const { msgId, delivery, job } of runs) {
      assert.ok(
        delivery <= (acknowledged.get(msgId) ?? Infinity),
        `${job} ran again though it was acknowledged`,
      )
      assert.ok(
        !deliveries.has(`${msgId} ${delivery}`),
        `${job}: delivery ${delivery} was given to two workers`,
      )
      deliveries.add(`${msgId} ${delivery}`)
    }
    const repeats = runs.filter((each) => each.delivery > 0 && !isBad(each.job)).length
    assert.ok(repeats <= kills * parallel, `${repeats} repeats: a killed worker had ${parallel} jobs at most`)
    for (const name of names.filter(isBad)) {
      const tries = runs.filter((each) => each.job === name).length
      assert.ok(tries <= retriesMax + 1, `${name} was tried ${tries} times`)
    }
  }
})
