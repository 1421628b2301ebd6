import assert from 'node:assert/strict'
import { Consumer, MqAdmin, Producer, serve } from 'pocketmq'

describe('orders', () => {
  let broker, producer, consumer

  before(async () => {
    broker = await serve({ port: 0, topics: [{ name: 'orders', queues: 4 }] })
  })
  after(async () => {
    await consumer?.close()
    await producer?.close()
    await broker.close()
  })

  it('are charged once', async () => {
    const charged = new Promise((resolve) => {
      const options = { namesrv: broker.namesrv, group: 'charge', topic: 'orders', from: 'first' }
      consumer = new Consumer(options, (message) => resolve(message.body.toString()))
    })
    await consumer.start()
    producer = new Producer({ namesrv: broker.namesrv })
    await producer.send({ topic: 'orders', body: '{"id":1}', keys: ['1'] })
    assert.equal(await charged, '{"id":1}')

    const admin = await MqAdmin.connect({ namesrv: broker.namesrv })
    assert.ok((await admin.topics.list()).includes('orders'))
    await admin.close()
  })
})
