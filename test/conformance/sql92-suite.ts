import assert from 'node:assert/strict'
import type { FilterOptions, MqAdmin, PoppedMessage } from '../../src/core/client/admin.ts'
import type { SendResult } from '../../src/core/model/message.ts'
import { topicConfig } from '../core/broker/test-broker.ts'
import { eventually, freshName, pullAll } from './helpers.ts'
import type { ConformanceTarget } from './suite.ts'

/** The same messages come, whoever evaluates. */
export function sql92Suite(open: () => ConformanceTarget): void {
  describe('with SQL92', () => {
    let admin: MqAdmin
    let topic: string
    before(async () => {
      ;({ admin } = open())
      topic = freshName('sql92')
      const config = topicConfig(topic, { readQueueNums: 2, writeQueueNums: 2 })
      await admin.topics.update(config, { clusterName: open().clusterName })
      const send = (body: string, rest: object = {}): Promise<SendResult> =>
        admin.messages.producer().send({ topic, body: Buffer.from(body), ...rest })
      for (const [i, price] of ['5', '15', 'none', '25', "it's"].entries())
        await send(price, { tag: i % 2 === 0 ? 'A' : 'B', properties: { price } })
      await send('bare')
    })

    const cases: readonly (readonly [FilterOptions, readonly string[]])[] = [
      [{ where: 'price > 10' }, ['15', '25']],
      [{ where: "price IS NULL OR price IN ('none', '5')" }, ['5', 'bare', 'none']],
      [{ where: "price = 'it''s' OR price CONTAINS '5'", tag: 'A' }, ['5', "it's"]],
      [{ where: "TAGS = 'B' AND price < 20", tag: 'A || B' }, ['15']],
      [{ where: 'price > 100' }, []],
    ]
    for (const [filter, found] of cases) {
      it(`pulls ${JSON.stringify(filter)}`, async () => {
        let here = 0
        const pulled = await pullAll(admin, topic, { ...filter, onWhereHere: () => here++ })
        assert.deepEqual(pulled.map(({ body }) => body.toString()).sort(), found)
        assert.equal(here > 0, !open().filtersBySql92)
      })
    }

    it('pops what passes', async () => {
      const consumer = admin.messages.popConsumer(topic, freshName('group'), { where: 'price > 10' })
      const popped: PoppedMessage[] = []
      await eventually(async () => {
        popped.push(...(await consumer.pop(32)))
        assert.equal(popped.length, 2)
      })
      assert.deepEqual(popped.map(({ message }) => message.body.toString()).sort(), ['15', '25'])
      for (const each of popped) assert.equal(await consumer.ack(each), true)
      assert.deepEqual(await consumer.pop(32), [])
    })
  })
}
