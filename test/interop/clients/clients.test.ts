/**
 * Every feature of features.ts with every client, all beside each other, in a process a client.
 * FULL=1 runs them against RocketMQ 5.5.0, too: that the expectations are RocketMQ's. CLIENT and FEATURE,
 * parts of names, choose some.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClientProcess, UnsupportedError } from './client-process.ts'
import { clientsMarkdown, type Outcome } from './clients-markdown.ts'
import { type RunningCluster, startOurs, startReal } from './clusters.ts'
import { clientNames, driverCommand, type ClientName } from './drivers.ts'
import { features } from './features.ts'
import { World } from './world.ts'

const { CLIENT = '', FEATURE = '', FULL, UPDATE_DOCS } = process.env
const documentPath = join(import.meta.dirname, '../../../docs/clients.md')
const clients = clientNames.filter((name) => name.includes(CLIENT))
const chosen = Object.values(features)
  .flat()
  .filter(({ name }) => name.includes(FEATURE))

const servers: readonly { readonly name: string; readonly start: typeof startOurs }[] = [
  { name: 'pocketmq serve', start: startOurs },
  ...(FULL === '1' ? [{ name: 'real RocketMQ 5.5.0', start: startReal }] : []),
]

const outcomes = new Map<string, Map<ClientName, Outcome>>(chosen.map(({ name }) => [name, new Map()]))

for (const { name: serverName, start } of servers) {
  describe(`clients on ${serverName}`, function () {
    this.timeout(300_000)
    let clusters: RunningCluster[] = []
    const processes: ClientProcess[] = []
    const running = new Map<string, Promise<Outcome>>()

    before(async () => {
      for (const client of clients) driverCommand(client, '') // made now, where nothing waits yet
      clusters = [await start(), await start(true)]
      for (const client of clients) {
        const startProcess = (): ClientProcess => {
          const started = new ClientProcess(client)
          processes.push(started)
          return started
        }
        const main = startProcess()
        for (const feature of chosen) {
          const topic = `${client} ${feature.name}`
          const world = new World(topic, [clusters[0]!, clusters[1]!], main, startProcess)
          const outcome = feature.run(world).then(() => 'pass' as const, unsupported)
          outcome.catch(() => undefined) // the test of the feature says it
          running.set(topic, outcome)
        }
      }
    })
    after(async () => {
      for (const each of processes) await each.kill()
      for (const cluster of clusters) await cluster.stop()
    })

    for (const client of clients) {
      describe(client, () => {
        for (const feature of chosen) {
          it(feature.name, async () => {
            const said = serverName === 'pocketmq serve' ? outcomes.get(feature.name)! : null
            said?.set(client, 'fail')
            const outcome = await running.get(`${client} ${feature.name}`)!
            said?.set(client, outcome)
          })
        }
      })
    }
  })
}

if (CLIENT === '' && FEATURE === '') {
  describe('docs/clients.md', () => {
    it('says what the clients did', () => {
      const markdown = clientsMarkdown(outcomes)
      if (UPDATE_DOCS === '1') writeFileSync(documentPath, markdown)
      assert.equal(readFileSync(documentPath, 'utf8'), markdown, 'run this with UPDATE_DOCS=1')
    })
  })
}

function unsupported(error: unknown): Outcome {
  if (error instanceof UnsupportedError) return 'unsupported'
  throw error
}
