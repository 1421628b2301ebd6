import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { adminSweep, type SweepRun } from './admin-sweep.ts'
import { outcomeOf, sweepMarkdown } from './admin-sweep-markdown.ts'
import { sweepRows } from './admin-sweep-rows.ts'
import { targets } from './targets.ts'

const docsPath = join(import.meta.dirname, '../../docs/mqadmin.md')

/** Every subcommand of unmodified mqadmin 5.5.0, on a real cluster and on ours. */
describe('mqadmin 5.5.0, all subcommands', () => {
  let names: string[]
  let ours: readonly SweepRun[]
  let real: readonly SweepRun[]

  before(async () => {
    const [us, them] = [await targets['pocketmq serve'](), await targets['real RocketMQ 5.5.0']()]
    const [listed, ...rest] = await sweep(us)
    names = [...listed!.stdout.matchAll(/^ {3}(\w+) /gm)].map((match) => match[1]!)
    ours = rest
    real = (await sweep(them)).slice(1)
  })

  function sweep(at: { readonly namesrv: string; readonly broker: string }): Promise<SweepRun[]> {
    return adminSweep(at, (place) => {
      const topic = { topicName: 'SweepListT', readQueueNums: 2, writeQueueNums: 2, perm: 6 }
      writeFileSync(join(place.dir, 'topics.json'), JSON.stringify([topic]))
      writeFileSync(join(place.dir, 'groups.json'), JSON.stringify([{ groupName: 'SweepListG' }]))
      return [[], ...sweepRows.map(({ command, args }) => [command, '-n', at.namesrv, ...args(place)])]
    })
  }

  it('are those of the sweep', () => {
    assert.deepEqual(sweepRows.map(({ command }) => command).sort(), names.sort())
    assert.equal(names.length, 96)
  })

  it('do what they do on a real broker, or say why not', () => {
    const failed = sweepRows.flatMap((row, i) =>
      outcomeOf(row, ours[i]!, real[i]!) === 'failed' ? [{ row, ours: ours[i], real: real[i] }] : [],
    )
    assert.deepEqual(failed, [])
  })

  it('are in docs/mqadmin.md as they are', () => {
    const markdown = sweepMarkdown(ours, real)
    if (process.env['WRITE_DOCS'] === '1') writeFileSync(docsPath, markdown)
    assert.equal(readFileSync(docsPath, 'utf8'), markdown)
  })
})
