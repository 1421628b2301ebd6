import assert from 'node:assert/strict'
import { Random } from '../fault/random.ts'
import { count, seed } from '../fault/tier.ts'
import { askAll, type Answered } from '../safety/ask-all.ts'
import { hostileNames, makeKnown, probes } from '../safety/hostile-ids.ts'
import { PocketmqServer } from './pocketmq.ts'
import { RealCluster } from './real-cluster.ts'

const names = count('NAMES', 200, 10_000)
/** As much as a broker takes on without calling it a flood. */
const window = 8

/** Of a refusal its words, without RocketMQ's address to read on at. */
function said(answer: Answered | null): string {
  if (answer === null) return 'nothing'
  const words = answer.code === 0 ? '' : ` ${answer.remark ?? ''}`
  // of a retry topic for a group that cannot be, RocketMQ does not name the group
  return `${answer.code}${words.split('\nSee ')[0]!.trimEnd()}`.replace(
    /^(26 subscription group) not exist,$/,
    '$1',
  )
}

describe(`${names} hostile names`, () => {
  /** Of its own: others look at all that there is. */
  const targets: { readonly broker: string; stop(): Promise<void> }[] = []

  before(async () => {
    targets.push(await RealCluster.start())
    targets.push(await PocketmqServer.start())
  })
  after(() => Promise.all(targets.map((target) => target.stop())))

  it('are refused with the codes and words of RocketMQ, and taken where it takes them', async () => {
    const [theirs, ours] = targets as [(typeof targets)[0], (typeof targets)[0]]
    const random = new Random(seed)
    const hostile = hostileNames(names, () => random.next())
    for (const { broker } of [theirs, ours]) await askAll(broker, makeKnown())
    const findings: string[] = []
    for (const [what, probe] of Object.entries(probes)) {
      const asked = hostile.map(probe)
      const [expected, answers] = [
        await askAll(theirs.broker, asked, window),
        await askAll(ours.broker, asked, window),
      ]
      for (const [i, name] of hostile.entries()) {
        const [their, our] = [said(expected[i]!), said(answers[i]!)]
        if (!our.startsWith(their))
          findings.push(`${what} ${JSON.stringify(name)}: ${their.slice(0, 200)} | ${our}`)
      }
    }
    assert.equal(findings.length, 0, `SEED=${seed}\n${findings.slice(0, 40).join('\n')}`)
  })
})
