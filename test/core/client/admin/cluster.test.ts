import assert from 'node:assert/strict'
import { RemotingClusterAdmin } from '../../../../src/core/client/admin/cluster.ts'
import type { Invoker } from '../../../../src/core/client/invoker.ts'
import { NameServers } from '../../../../src/core/client/name-servers.ts'
import { MqError } from '../../../../src/core/errors.ts'
import type { ReplyOf, RequestName } from '../../../../src/core/remoting/requests/index.ts'

const broker = (brokerName: string) => ({
  brokerAddrs: { 0: `${brokerName}:1` },
  brokerName,
  cluster: 'c',
  enableActingMaster: false,
})

/** A name server at ns:1 with three brokers: one that is well, one that refuses, one that is gone. */
class FakeCluster implements Invoker {
  invoke<N extends RequestName>(address: string): Promise<ReplyOf<N>> {
    const answer = (code: number, body: unknown, remark = '') =>
      Promise.resolve({ code, remark, header: null, body } as ReplyOf<N>)
    if (address === 'ns:1') {
      const names = ['well', 'early', 'gone']
      const brokerAddrTable = Object.fromEntries(names.map((name) => [name, broker(name)]))
      return answer(0, { brokerAddrTable, clusterAddrTable: { c: names } })
    }
    if (address === 'well:1') return answer(0, { putTps: '1.0' })
    if (address === 'early:1') return answer(1, null, 'java.util.NoSuchElementException')
    return Promise.reject(new MqError('MQ_BROKER_UNREACHABLE', `${address} is down`))
  }

  submit(): void {
    assert.fail('not called')
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

describe('RemotingClusterAdmin.list', () => {
  it('has every broker, with the reason where one did not tell how it does', async () => {
    const invoker = new FakeCluster()
    const rows = await new RemotingClusterAdmin(invoker, new NameServers(invoker, ['ns:1'])).list()
    assert.deepEqual(
      rows.map(({ brokerName, runtime, failure }) => [brokerName, runtime, failure]),
      [
        ['well', { putTps: '1.0' }, null],
        ['early', null, 'runtime info of early:1: java.util.NoSuchElementException'],
        ['gone', null, 'gone:1 is down'],
      ],
    )
  })
})
