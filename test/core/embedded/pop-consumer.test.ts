import assert from 'node:assert/strict'
import type { MqAdmin } from '../../../src/core/client/admin.ts'
import { RemotingAdmin } from '../../../src/core/client/remoting-admin.ts'
import { folderAddress, LoopbackInvoker } from '../../../src/core/embedded/loopback-invoker.ts'
import { serve, type Served } from '../../../src/core/embedded/serve.ts'
import { RemoteInvoker } from '../../../src/core/client/remote-invoker.ts'
import { temporaryFolder } from '../temporary-folder.ts'

/** The same consumer on a folder with nothing running, and on a server. */
for (const where of ['folder', 'server'] as const) {
  describe(`a POP consumer on a ${where}`, () => {
    const folder = temporaryFolder()
    let admin: MqAdmin
    let served: Served | null = null

    beforeEach(async () => {
      if (where === 'folder') {
        const target = { kind: 'folder', store: folder.path } as const
        admin = new RemotingAdmin(target, new LoopbackInvoker({ folder: folder.path }, true), [folderAddress])
      } else {
        served = await serve({ store: folder.path, port: 0 })
        const invoker = new RemoteInvoker({ timeoutMs: 5000, serializeType: 'json' })
        admin = new RemotingAdmin({ kind: 'cluster', namesrv: [served.address] }, invoker, [served.address])
      }
      const producer = admin.messages.producer()
      for (const body of ['one', 'two'])
        await producer.send({ topic: 'jobs', body: Buffer.from(body), tag: body })
    })
    afterEach(async () => {
      await admin.close()
      await served?.close()
      served = null
    })

    it('pops, renews, gives back and acknowledges', async () => {
      const worker = admin.messages.popConsumer('jobs', 'workers')
      const other = admin.messages.popConsumer('jobs', 'workers')
      const popped = await worker.pop(32)
      const bodies = popped.map(({ message }) => message.body.toString()).sort()
      assert.deepEqual(bodies, ['one', 'two'])
      assert.deepEqual(await other.pop(32), [])
      const renewed = await worker.renew(popped[0]!)
      assert.equal(await worker.ack(popped[0]!), false)
      assert.equal(await worker.ack(renewed), true)
      await worker.nack(popped[1]!, 0)
      const [again] = await other.pop(1, 1000)
      assert.equal(again!.message.reconsumeTimes, 1)
      assert.equal(await other.ack(again!), true)
      assert.deepEqual(await worker.pop(32), [])
    })

    it('finds its tag behind any number of messages whose tag has the same hash', async () => {
      const producer = admin.messages.producer()
      for (let i = 0; i < 40; i++)
        await producer.send(
          { topic: 'jobs', body: Buffer.from('alike'), tag: 'Aa' },
          { brokerName: 'broker-a', queueId: 0 },
        )
      await producer.send(
        { topic: 'jobs', body: Buffer.from('mine'), tag: 'BB' },
        { brokerName: 'broker-a', queueId: 0 },
      )
      const worker = admin.messages.popConsumer('jobs', 'same-hash', { tag: 'BB' })
      const popped = await worker.pop(32)
      assert.deepEqual(
        popped.map(({ message }) => message.body.toString()),
        ['mine'],
      )
    })

    it('takes only what has its tag', async () => {
      const worker = admin.messages.popConsumer('jobs', 'some', { tag: 'two' })
      const popped = await worker.pop(32)
      assert.deepEqual(
        popped.map(({ message }) => message.body.toString()),
        ['two'],
      )
    })
  })
}
