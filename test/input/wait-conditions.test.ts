import assert from 'node:assert/strict'
import type { MqAdmin } from '../../src/core/client/admin.ts'
import { MqError, type ErrorCode } from '../../src/core/errors.ts'
import { parseCondition, stateOf } from '../../src/input/wait-conditions.ts'

describe('conditions to wait for', () => {
  const failing = (code: ErrorCode): MqAdmin =>
    ({ topics: { route: () => Promise.reject(new MqError(code, 'why')) } }) as unknown as MqAdmin

  it('are not met while what is asked cannot be reached, or is not there', async () => {
    const codes = [
      'MQ_NAMESRV_UNREACHABLE',
      'MQ_TIMEOUT',
      'MQ_TOPIC_NOT_EXIST',
      'MQ_STORE_NOT_FOUND',
    ] as const
    for (const code of [...codes, 'MQ_STORE_IN_USE', 'MQ_SYSTEM_BUSY'] as const) {
      const state = await stateOf(failing(code), parseCondition('topic/orders'))
      assert.deepEqual(state, { condition: 'topic/orders', met: false, state: 'why' })
    }
  })

  it('fail where waiting does not help', async () => {
    for (const code of ['MQ_STORE_CORRUPT', 'MQ_STORE_VERSION', 'MQ_NO_PERMISSION', 'MQ_FAILED'] as const)
      await assert.rejects(stateOf(failing(code), parseCondition('topic/orders')), { code })
  })

  it('compare what is counted', async () => {
    const queues = { queues: () => Promise.resolve([1, 2, 3]) }
    const admin = { messages: queues } as unknown as MqAdmin
    const met = async (operator: string): Promise<boolean> =>
      (await stateOf(admin, parseCondition(`topic/t:queues${operator}`))).met
    for (const operator of ['=3', '>=3', '<=3', '>2', '<4']) assert.ok(await met(operator), operator)
    for (const operator of ['=4', '>=4', '<=2', '>3', '<3']) assert.ok(!(await met(operator)), operator)
  })

  it('take names as RocketMQ has them', () => {
    for (const name of ['%RETRY%pay', 'a|b', 'ns%orders', 'a-b_c'])
      assert.equal(parseCondition(`group/${name}:lag=0`).name, name)
  })
})
