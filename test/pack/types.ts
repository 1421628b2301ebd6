// compiled against the packed types, never run
import { Consumer, MqAdmin, MqError, openFolder, Producer, serve, type Message, type Served } from 'pocketmq'

const served: Served = await serve({ role: 'both', topics: [{ name: 't', queues: 1 }], flush: 'sync' })
const producer = new Producer({ namesrv: served.namesrv, group: 'p', retries: 1 })
const { msgId, queueOffset }: { msgId: string; queueOffset: number } = await producer.send({
  topic: 't',
  body: new Uint8Array(1),
})
const bodies: Buffer[] = []
const consumer = new Consumer(
  { namesrv: [served.address], group: 'g', topic: { t: 'a || b' }, from: new Date(queueOffset) },
  (message: Message) => bodies.push(message.body),
)
await consumer.start()
const admin: MqAdmin = await openFolder(served.store, { create: false })
await admin.messages.byId('t', msgId)
const other: MqAdmin = await MqAdmin.connect({ namesrv: served.namesrv, timeoutMs: 1 })
await other.topics.route('t').catch((error: unknown) => error instanceof MqError && error.code)
// @ts-expect-error a message has a topic
await producer.send({ body: 'x' })
