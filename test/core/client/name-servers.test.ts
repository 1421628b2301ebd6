import assert from 'node:assert/strict'
import type { Invoker } from '../../../src/core/client/invoker.ts'
import { NameServers } from '../../../src/core/client/name-servers.ts'
import { MqError } from '../../../src/core/errors.ts'
import type { ReplyOf, RequestName } from '../../../src/core/remoting/requests/index.ts'

type Fate = number | 'down' | 'slow'

/** Name servers that answer with a code, or do not. */
class FakeNameServers implements Invoker {
  readonly asked: string[] = []
  readonly #fates: Readonly<Record<string, Fate>>

  constructor(fates: Readonly<Record<string, Fate>>) {
    this.#fates = fates
  }

  invoke<N extends RequestName>(address: string): Promise<ReplyOf<N>> {
    this.asked.push(address)
    const fate = this.#fates[address]!
    if (fate === 'down') return Promise.reject(new MqError('MQ_BROKER_UNREACHABLE', `${address} is down`))
    if (fate === 'slow') return Promise.reject(new MqError('MQ_TIMEOUT', `${address} is slow`))
    return Promise.resolve({ code: fate, remark: `code ${fate}`, header: null, body: null } as ReplyOf<N>)
  }

  submit(): void {
    assert.fail('not called')
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

describe('NameServers.tellAll', () => {
  const tell = async (fates: Readonly<Record<string, Fate>>): Promise<void> => {
    const invoker = new FakeNameServers(fates)
    const addresses = Object.keys(fates)
    try {
      const header = { namespace: 'n', key: 'k', value: 'v' }
      await new NameServers(invoker, addresses).tellAll('PUT_KV_CONFIG', { header, body: undefined }, 'k')
    } finally {
      assert.deepEqual(invoker.asked, addresses)
    }
  }

  it('tells each of them', () => tell({ 'a:1': 0, 'b:2': 0 }))

  it('names who took it and who did not', async () => {
    await assert.rejects(tell({ 'a:1': 'down', 'b:2': 0, 'c:3': 1, 'd:4': 0 }), {
      code: 'MQ_PARTIAL',
      message: 'k is set on b:2, d:4, not on a:1 (a:1 is down), c:3 (k: code 1)',
    })
  })

  it('fails as one would when none took it', async () => {
    await assert.rejects(tell({ 'a:1': 'down', 'b:2': 'down' }), {
      code: 'MQ_NAMESRV_UNREACHABLE',
      message: 'no name server reached: a:1 is down',
    })
    await assert.rejects(tell({ 'a:1': 'slow', 'b:2': 'slow' }), { code: 'MQ_TIMEOUT' })
    await assert.rejects(tell({ 'a:1': 'down', 'b:2': 16 }), { code: 'MQ_NO_PERMISSION' })
  })
})
