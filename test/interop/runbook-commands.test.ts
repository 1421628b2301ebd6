import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Consumer, MqAdmin } from '../../src/core/index.ts'
import { topicConfig } from '../core/broker/test-broker.ts'
import { eventually } from './clients/world.ts'
import { mqadmin } from './mqadmin.ts'
import { pocketmq, type PocketmqRun } from './pocketmq.ts'
import { type Target, targets } from './targets.ts'

/** What an operator asks of brokers and consumers that run: our commands beside mqadmin's. */
for (const [name, start] of Object.entries(targets)) {
  describe(`haStatus, clusterRT and consumerStatus on ${name}`, () => {
    const topic = 'RunbookT'
    const group = 'RunbookG'
    let target: Target
    let admin: MqAdmin
    let consumer: Consumer
    let clientId: string
    let folder: string

    const run = ([command, ...rest]: readonly string[]): Promise<PocketmqRun> =>
      pocketmq([command!, '-n', target.namesrv, ...rest])

    async function ours(...args: readonly string[]): Promise<string> {
      const { stdout, stderr, exitCode } = await run(args)
      assert.deepEqual([stderr, exitCode], ['', 0])
      return stdout
    }

    const theirs = async ([command, ...rest]: readonly string[]): Promise<string> =>
      (await mqadmin([command!, '-n', target.namesrv, ...rest])).stdout

    before(async () => {
      target = await start()
      folder = mkdtempSync(join(tmpdir(), 'runbook-'))
      admin = await MqAdmin.connect({ namesrv: target.namesrv })
      await admin.topics.update(topicConfig(topic, { readQueueNums: 2, writeQueueNums: 2 }), {
        clusterName: 'DefaultCluster',
      })
      consumer = new Consumer({ namesrv: target.namesrv, group, topic }, () => undefined)
      await consumer.start()
      const { connections } = await eventually(
        () => admin.groups.members(group),
        (members) => members.connections.length === 1,
      )
      clientId = connections[0]!.clientId
      await eventually(
        () => admin.groups.runningInfo(group, clientId),
        ({ queues }) => queues.filter((queue) => queue.topic === topic).length === 2,
      )
    })
    after(async () => {
      await consumer.close()
      await admin.close()
      rmSync(folder, { recursive: true, force: true })
    })

    it('haStatus prints what mqadmin prints', async () => {
      const args = ['haStatus', '-c', 'DefaultCluster'] as const
      assert.equal(await ours(...args), await theirs(args))
      const [row] = (JSON.parse(await ours('haStatus', '-b', target.broker, '--json')) as { items: object[] })
        .items
      assert.deepEqual(
        { ...row, masterCommitLogMaxOffset: 0 },
        {
          ...{ brokerAddr: target.broker, master: true, masterCommitLogMaxOffset: 0 },
          ...{ inSyncSlaveNums: 0, slaves: [], client: null },
        },
      )
    })

    it('clusterRT times sends to each broker', async () => {
      const printed = await ours('clusterRT', '-a', '5', '-s', '64', '--once')
      assert.match(
        printed,
        /^#Cluster Name {13}#Broker Name {14}#RT {3}#successCount {2}#failCount\nDefaultCluster +broker-a +\d+\.\d\d +5 +0 *\n$/,
      )
      const log = await ours('clusterRT', '-a', '2', '-p', 'true', '-m', 'room-1', '--once')
      assert.match(log, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\|room-1\|DefaultCluster\|broker-a\|\d+\n$/)
      const none = await run(['clusterRT', '-c', 'NoCluster', '--once'])
      assert.deepEqual([none.exitCode, none.stdout], [4, ''])
    })

    it('consumerStatus prints what mqadmin prints of a member', async () => {
      const args = ['consumerStatus', '-g', group, '-i', clientId]
      const lines = (text: string): string[] =>
        text
          .replace(/\d{17}/g, 'TIME') // of the last pull
          .replace(/ +\d+\.\d\d/g, ' RATE')
          .split('\n')
          .map((line) => line.trimEnd())
          .sort()
      assert.deepEqual(lines(await ours(...args)), lines(await theirs(args)))
    })

    it('consumerStatus writes a file a member, and says whether they get on', async () => {
      const printed = await ours('consumerStatus', '-g', group, '--json')
      const { items } = JSON.parse(printed) as { items: { clientId: string; file: null; info: object }[] }
      assert.deepEqual(
        items.map((item) => [item.clientId, item.file]),
        [[clientId, null]],
      )
      const table = await ours('consumerStatus', '-g', group)
      const file = /^1 +\S+ +V\S+ +(\d+\/\S+)$/m.exec(table)![1]!
      try {
        assert.match(table, /^#Index {4,}#ClientId +#Version +#ConsumerRunningInfoFile\n/)
        assert.match(table, /\n\nSame subscription in the same group of consumer\n\nRebalance OK\n$/)
        assert.match(readFileSync(file, 'utf8'), /^#Consumer Properties#\n/)
      } finally {
        rmSync(file.split('/')[0]!, { recursive: true })
      }
      assert.equal((await run(['consumerStatus', '-g', 'NobodyG'])).exitCode, 4)
    })
  })
}
