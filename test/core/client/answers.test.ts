import assert from 'node:assert/strict'
import { toldAnswer, type ListeningInvoker } from '../../../src/core/client/answers.ts'
import type { RequestListener } from '../../../src/core/client/invoker.ts'
import type { NameServers } from '../../../src/core/client/name-servers.ts'

describe('answers that brokers tell', () => {
  const asker = { correlationId: 'id', clientId: 'c', producerGroup: 'p' }
  let listeners: Set<RequestListener>
  let invoker: ListeningInvoker

  beforeEach(() => {
    listeners = new Set()
    invoker = {
      invoke: () => Promise.resolve({ code: 0, remark: null, header: null, body: null } as never),
      submit: () => undefined,
      listen(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
      close: () => Promise.resolve(),
    }
  })

  const nameServers = (clusterInfo: () => Promise<unknown>): NameServers =>
    ({ clusterInfo }) as unknown as NameServers
  const oneBroker = nameServers(() =>
    Promise.resolve({
      clusterAddrTable: { c: ['b'] },
      brokerAddrTable: { b: { cluster: 'c', brokerName: 'b', brokerAddrs: { 0: '127.0.0.1:1' } } },
    }),
  )

  it('are not waited for by who was interrupted before it waits', async () => {
    const source = await toldAnswer(invoker, oneBroker, asker)
    try {
      assert.equal(await source.next(Date.now() + 3_600_000, AbortSignal.abort()), null)
    } finally {
      source.close()
    }
    assert.equal(listeners.size, 0)
  })

  it('are not listened for when nobody can be told who asks', async () => {
    const away = nameServers(() => Promise.reject(new Error('away')))
    await assert.rejects(toldAnswer(invoker, away, asker), /away/)
    assert.equal(listeners.size, 0)
    invoker.invoke = () => Promise.reject(new Error('no heartbeat'))
    await assert.rejects(toldAnswer(invoker, oneBroker, asker), /no heartbeat/)
    assert.equal(listeners.size, 0)
  })
})
