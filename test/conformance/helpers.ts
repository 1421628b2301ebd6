import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { FilterOptions, MqAdmin } from '../../src/core/client/admin.ts'
import type { Message } from '../../src/core/model/message.ts'

/** Unique in a cluster that other tests used before. */
export function freshName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`
}

/** A RocketMQ broker dispatches to its indexes behind the acknowledgement: asks again until it has. */
export async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 10_000
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

export async function pullAll(admin: MqAdmin, topic: string, filter: FilterOptions = {}): Promise<Message[]> {
  const messages: Message[] = []
  for (const queue of await admin.messages.queues(topic)) {
    let offset = await admin.messages.minOffset(queue)
    const end = await admin.messages.maxOffset(queue)
    while (offset < end) {
      const result = await admin.messages.pull(queue, offset, { ...filter, maxMsgNums: 32 })
      messages.push(...result.messages)
      assert.ok(result.nextBeginOffset > offset, `${result.status} moves on`)
      offset = result.nextBeginOffset
    }
  }
  return messages
}
