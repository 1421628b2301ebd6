import { MqError } from '../../errors.ts'
import type { Message } from '../../model/message.ts'
import { Property } from '../../model/properties.ts'
import type { MessageQueue } from '../../model/queue.ts'
import { Decision, decidedOffsets, halfTopic, opTopic } from '../../model/transaction.ts'
import type { MessageAdmin } from '../admin.ts'
import type { Invoker } from '../invoker.ts'
import { addressOf, checkSuccess, type NameServers } from '../name-servers.ts'
import type { OpenTransaction, OpenTransactions, TransactionAdmin } from '../transaction-admin.ts'

/** By requests that every broker answers: its half topic is read, and the topic that says what is decided. */
export class RemotingTransactionAdmin implements TransactionAdmin {
  readonly #invoker: Invoker
  readonly #nameServers: NameServers
  readonly #messages: MessageAdmin

  constructor(invoker: Invoker, nameServers: NameServers, messages: MessageAdmin) {
    this.#invoker = invoker
    this.#nameServers = nameServers
    this.#messages = messages
  }

  open(): OpenTransactions {
    return new HalfReader(this.#messages)
  }

  async find(id: string): Promise<OpenTransaction> {
    try {
      // a RocketMQ broker stores it anew each time it asks about it: the last copy counts
      return transactionOf(await this.#messages.byId(halfTopic, id, { newest: true }))
    } catch (error) {
      if (!(error instanceof MqError) || error.code !== 'MQ_MESSAGE_NOT_FOUND') throw error
      throw new MqError('MQ_MESSAGE_NOT_FOUND', `no transaction ${id}`, {
        hint: 'list what is open with `transactions`',
      })
    }
  }

  async end(transaction: OpenTransaction, decision: 'commit' | 'rollback'): Promise<void> {
    const { transactionId, producerGroup, message } = transaction
    const { topic, brokerName, queueOffset, commitLogOffset } = message
    const address = addressOf(await this.#nameServers.route(halfTopic), brokerName)
    const reply = await this.#invoker.invoke(address, 'END_TRANSACTION', {
      header: {
        ...{ topic, producerGroup, transactionId, commitLogOffset },
        msgId: transactionId,
        tranStateTableOffset: queueOffset,
        commitOrRollback: Decision[decision],
        fromTransactionCheck: true,
      },
      body: undefined,
    })
    checkSuccess(reply, `${decision} of ${transactionId}`)
  }
}

/** Where the reading of a queue goes on. */
interface Cursor {
  readonly queue: MessageQueue
  next: number | null
}

class HalfReader implements OpenTransactions {
  readonly #messages: MessageAdmin
  readonly #cursors = new Map<string, Cursor>()
  /** By broker and queue offset of the half message. */
  readonly #open = new Map<string, Message>()

  constructor(messages: MessageAdmin) {
    this.#messages = messages
  }

  async read(): Promise<readonly OpenTransaction[]> {
    for (const queue of await this.#messages.queues(halfTopic))
      for await (const message of this.#news(queue))
        this.#open.set(keyOf(queue, message.queueOffset), message)
    for (const queue of await this.#messages.queues(opTopic)) {
      for await (const { body } of this.#news(queue))
        for (const queueOffset of decidedOffsets(body)) this.#open.delete(keyOf(queue, queueOffset))
    }
    const newest = new Map<string, OpenTransaction>()
    for (const message of this.#open.values()) {
      const transaction = transactionOf(message)
      newest.set(`${message.brokerName}/${transaction.transactionId}`, transaction)
    }
    return [...newest.values()]
  }

  async *#news(queue: MessageQueue): AsyncGenerator<Message> {
    const name = `${queue.topic}/${keyOf(queue, queue.queueId)}`
    let cursor = this.#cursors.get(name)
    if (cursor === undefined) this.#cursors.set(name, (cursor = { queue, next: null }))
    cursor.next ??= await this.#messages.minOffset(queue)
    const end = await this.#messages.maxOffset(queue)
    while (cursor.next < end) {
      const { messages, nextBeginOffset } = await this.#messages.pull(queue, cursor.next)
      yield* messages
      cursor.next = Math.max(cursor.next + 1, nextBeginOffset)
    }
  }
}

/** Half and operation queues of a broker have the same ids. */
function keyOf({ brokerName, queueId }: MessageQueue, queueOffset: number): string {
  return `${brokerName}/${queueId}/${queueOffset}`
}

function transactionOf(half: Message): OpenTransaction {
  const { properties } = half
  const queueId = Number(properties[Property.realQueueId] ?? 0)
  return {
    transactionId: properties[Property.transactionId] ?? half.msgId,
    producerGroup: properties[Property.producerGroup] ?? '',
    checkTimes: Number(properties[Property.checkTimes] ?? 0),
    message: { ...half, topic: properties[Property.realTopic] ?? half.topic, queueId },
  }
}
