import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { faultFolder } from './fault-folder.ts'
import { Oracle } from './oracle.ts'
import { Random } from './random.ts'
import { count, seed } from './tier.ts'
import { WorkerProcess } from './worker-process.ts'

/** Cycles on one folder; then another one, so that reading all of it stays cheap. */
const cyclesPerFolder = 10

/** reliability.md, tests 1 and 18. */
describe('kill -9', () => {
  const folder = faultFolder()
  const random = new Random(seed)
  const kills = count('KILLS', 16, 200)

  /** The next command after a kill: it opens the folder, finds everything, and so does the one after it. */
  async function lookTwice(path: string, oracle: Oracle): Promise<void> {
    for (let restart = 0; restart < 2; restart++) {
      const look = await WorkerProcess.start('look', path, 'look', 0)
      assert.equal(await look.ended(), 0, look.errors)
      oracle.judge(look.lines)
    }
  }

  it(`of senders and a consumer, ${kills} times: 0 lost, 0 unexpected, dense offsets`, async () => {
    let acknowledged = 0
    for (let first = 0; first < kills; first += cyclesPerFolder) {
      const path = folder.make()
      const oracle = new Oracle()
      for (let cycle = first; cycle < Math.min(kills, first + cyclesPerFolder); cycle++) {
        // a server holds the folder, commands take turns
        const server = cycle % 2 === 0 ? 'hold' : 'hold-sync'
        const senders = cycle % 3 === 2 ? [server] : ['turn', 'turn', 'turn']
        const roles = [...senders, 'consume']
        const workers = await Promise.all(
          roles.map((role, i) => WorkerProcess.start(role, path, `${cycle}.${i}`, random.below(2 ** 31))),
        )
        await Promise.all(workers.map((worker) => worker.ready()))
        await pause(random.between(50, 500))
        if (cycle % 10 === 9) {
          for (const worker of workers) worker.signal('SIGSTOP')
          await pause(500)
        }
        await Promise.all(workers.map((worker) => worker.kill()))
        for (const worker of workers) oracle.hear(worker.lines)
        await lookTwice(path, oracle)
      }
      acknowledged += oracle.acknowledged
      folder.remove(path)
    }
    console.log(`      ${acknowledged} messages acknowledged, SEED=${seed}`)
    assert.ok(acknowledged > kills)
  })

  it('of some of eight processes: the others go on at once', async () => {
    const path = folder.make()
    const oracle = new Oracle()
    const starts = count('MEMBERS', 24, 500)
    // one consumer at a time: of two, each would commit what the other is already past
    const start = (at: number, n: number): Promise<WorkerProcess> =>
      WorkerProcess.start(at === 7 ? 'consume' : 'turn', path, String(n), random.below(2 ** 31))
    const workers = await Promise.all(Array.from({ length: 8 }, (_, n) => start(n, n)))
    await Promise.all(workers.map((worker) => worker.ready()))
    for (let n = 8; n < starts; n++) {
      await pause(random.between(20, 150))
      const at = random.below(workers.length)
      const victim = workers[at]!
      await victim.kill()
      oracle.hear(victim.lines)
      workers[at] = await start(at, n)
      await workers[at].ready()
      assert.equal(workers[at].errors, '')
    }
    await Promise.all(workers.map((worker) => worker.kill()))
    for (const worker of workers) oracle.hear(worker.lines)
    await lookTwice(path, oracle)
    const [p50, p99] = [oracle.wait(0.5), oracle.wait(0.99)].map((us) => (us / 1000).toFixed(1))
    console.log(
      `      ${oracle.acknowledged} acknowledged; lock wait p50 ${p50} ms, p99 ${p99} ms, SEED=${seed}`,
    )
  })
})
