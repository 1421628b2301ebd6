import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { MqError, type ErrorCode } from '../../errors.ts'
import type { Message } from '../../model/message.ts'
import { Property } from '../../model/properties.ts'
import type { MessageQueue } from '../../model/queue.ts'
import { Decision, decidedOffsets, halfTopic, opTopic } from '../../model/transaction.ts'
import type { MessageAdmin } from '../admin.ts'
import type { Invoker } from '../invoker.ts'
import { addressOf, bodyOf, checkSuccess, headerOf, type NameServers } from '../name-servers.ts'
import type { RouteTable } from '../route-table.ts'
import type { AtomicSend, OpenTransaction, OpenTransactions, TransactionAdmin } from '../transaction-admin.ts'

/** By requests that every broker answers: its half topic is read, and the topic that says what is decided. */
export class RemotingTransactionAdmin implements TransactionAdmin {
  readonly #invoker: Invoker
  readonly #nameServers: NameServers
  readonly #routes: RouteTable
  readonly #messages: MessageAdmin

  constructor(invoker: Invoker, nameServers: NameServers, routes: RouteTable, messages: MessageAdmin) {
    this.#routes = routes
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
    const { topic, brokerName, queueOffset, commitLogOffset, properties } = message
    const atomicId = properties[Property.atomicId]
    // of an atomic send there is no part: what is rolled back is all of it
    if (atomicId !== undefined && decision === 'rollback')
      return this.#endAtomic({ topic, brokerName, atomicId }, decision, 0)
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

  async beginAtomic(topic: string, wanted: string | null): Promise<AtomicSend> {
    const { queues, addresses } = await this.#routes.publishInfo(topic)
    const brokerName = wanted ?? queues[0]!.brokerName
    const address = addresses.get(brokerName)
    if (address === undefined) throw new MqError('MQ_BROKER_NOT_EXIST', `the broker[${brokerName}] not exist`)
    const call = { header: {}, body: undefined }
    const asked = await this.#invoker.invoke(address, 'GET_BROKER_RUNTIME_INFO', call)
    if (bodyOf(asked, `abilities of ${brokerName}`).atomicSendEnable !== 'true') {
      throw new MqError('MQ_NOT_SUPPORTED', `${brokerName} has no atomic sends: it is no pocketmq`, {
        hint: 'RocketMQ commits each message of a transaction by itself: see `sendMessage --transaction`',
      })
    }
    const place = { topic, brokerName, atomicId: randomUUID() }
    return {
      ...place,
      commit: (count) => this.#endAtomic(place, 'commit', count),
      rollback: () => this.#endAtomic(place, 'rollback', 0),
    }
  }

  async #endAtomic(
    { topic, brokerName, atomicId }: { topic: string; brokerName: string; atomicId: string },
    decision: 'commit' | 'rollback',
    count: number,
  ): Promise<void> {
    const address = await this.#routes.addressOf({ topic, brokerName, queueId: 0 })
    const left = async (commitOrRollback: number): Promise<number> => {
      const header = { topic, atomicId, count, commitOrRollback }
      const reply = await this.#invoker.invoke(address, 'END_ATOMIC_SEND', { header, body: undefined })
      return headerOf(reply, `${decision} of an atomic send`).left
    }
    if ((await left(Decision[decision]).catch(decision === 'commit' ? mayBeDecided : undefined)) === 0) return
    // a server commits them behind its answer
    do await pause(askAgainMs)
    while ((await left(Decision.unknown).catch(isDecided)) > 0)
  }
}

const askAgainMs = 20

/** @throws the error, and that nobody knows more, if it says that there was no answer */
function mayBeDecided(error: unknown): never {
  if (!(error instanceof MqError) || !unanswered.has(error.code)) throw error
  const text = `${error.message}; whether the messages were sent is not known`
  const hint = 'all of them are in the topic in a moment, or none ever will be: look before you send again'
  throw new MqError(error.code, text, { hint, cause: error })
}

const unanswered: ReadonlySet<ErrorCode> = new Set(['MQ_TIMEOUT', 'MQ_BROKER_UNREACHABLE'])

/** @throws the error, and what is known all the same */
function isDecided(error: unknown): never {
  if (!(error instanceof MqError)) throw error
  const text = `${error.message}; it is decided, and will be done`
  const hint = 'do not send it again: whoever writes to the broker, or starts it, finishes it'
  throw new MqError(error.code, text, { hint, cause: error })
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
