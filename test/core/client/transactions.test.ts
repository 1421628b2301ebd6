import assert from 'node:assert/strict'
import { RemotingTransactionAdmin } from '../../../src/core/client/admin/transactions.ts'
import type { Invoker } from '../../../src/core/client/invoker.ts'
import type { RouteTable } from '../../../src/core/client/route-table.ts'
import { MqError } from '../../../src/core/errors.ts'
import { Decision } from '../../../src/core/model/transaction.ts'

describe('an atomic send', () => {
  /** @param answers how many messages are left, or why nobody says */
  async function end(
    decision: 'commit' | 'rollback',
    answers: readonly (number | MqError)[],
  ): Promise<unknown[]> {
    const asked: unknown[] = []
    const invoke = (
      _address: string,
      name: string,
      { header }: { header: { commitOrRollback?: number } },
    ) => {
      if (name !== 'END_ATOMIC_SEND')
        return Promise.resolve({ code: 0, remark: null, header: null, body: { atomicSendEnable: 'true' } })
      const answer = answers[asked.push(header.commitOrRollback) - 1]!
      if (answer instanceof MqError) return Promise.reject(answer)
      return Promise.resolve({ code: 0, remark: null, header: { left: answer }, body: null })
    }
    const routes = {
      publishInfo: () => Promise.resolve({ queues: [], addresses: new Map([['b', 'b:1']]) }),
      addressOf: () => Promise.resolve('b:1'),
    }
    const admin = new RemotingTransactionAdmin(
      { invoke } as unknown as Invoker,
      {} as never,
      routes as unknown as RouteTable,
      {} as never,
    )
    const send = await admin.beginAtomic('t', 'b')
    await (decision === 'commit' ? send.commit(3) : send.rollback())
    return asked
  }
  const commit = (answers: readonly (number | MqError)[]): Promise<unknown[]> => end('commit', answers)

  it('is decided once, and over when nothing of it is left', async () => {
    assert.deepEqual(await commit([0]), [Decision.commit])
    assert.deepEqual(await commit([3, 1, 0]), [Decision.commit, Decision.unknown, Decision.unknown])
  })

  it('is not to be sent again once it is decided, whatever happens then', async () => {
    const inUse = new MqError('MQ_STORE_IN_USE', 'another process is writing')
    await assert.rejects(commit([inUse]), inUse)
    await assert.rejects(commit([3, inUse]), (error: MqError) => {
      assert.deepEqual(
        [error.code, error.message],
        ['MQ_STORE_IN_USE', 'another process is writing; it is decided, and will be done'],
      )
      assert.match(error.hint, /do not send it again/)
      return true
    })
  })

  it('is neither said to be sent nor not to be when the commit is not answered', async () => {
    const late = new MqError('MQ_TIMEOUT', 'no answer')
    await assert.rejects(commit([late]), (error: MqError) => {
      assert.deepEqual(
        [error.code, error.message],
        ['MQ_TIMEOUT', 'no answer; whether the messages were sent is not known'],
      )
      assert.match(error.hint, /look before you send again/)
      return true
    })
    await assert.rejects(commit([3, late]), { message: 'no answer; it is decided, and will be done' })
    await assert.rejects(end('rollback', [late]), late)
  })
})
