import { MqError } from '../errors.ts'
import { levelDelayMs, retryLevel } from '../model/delay-level.ts'
import { decodeMessages } from '../model/message-codec.ts'
import { Property } from '../model/properties.ts'
import { formatReceipt, parseReceipt } from '../model/receipt-handle.ts'
import type { ReplyOf } from '../remoting/requests/index.ts'
import { ResponseCode } from '../remoting/response-codes.ts'
import type { PopConsumer, PopOptions, PoppedMessage } from './admin.ts'
import type { Filters } from './filters.ts'
import type { Invoker } from './invoker.ts'
import { checkSuccess, headerOf } from './name-servers.ts'
import type { RouteTable } from './route-table.ts'

const invisibleMsDefault = 60_000
/** Held by the broker in one request: less than any timeout of a request. */
const pollMsMax = 1000
/** A folder with nothing running cannot hold a request: it is asked again. */
const askAgainMs = 50
const popMax = 32

type PopReply = ReplyOf<'POP_MESSAGE'>

/** POP over an invoker: brokers are asked in turn. */
export class RemotingPopConsumer implements PopConsumer {
  readonly #invoker: Invoker
  readonly #routes: RouteTable
  readonly #topic: string
  readonly #group: string
  readonly #filters: Filters
  readonly #options: PopOptions
  readonly #invisibleMs: number
  #turn = 0

  constructor(
    invoker: Invoker,
    routes: RouteTable,
    filters: Filters,
    topic: string,
    group: string,
    options: PopOptions,
  ) {
    this.#invoker = invoker
    this.#routes = routes
    this.#filters = filters
    this.#topic = topic
    this.#group = group
    this.#options = options
    this.#invisibleMs = options.invisibleMs ?? invisibleMsDefault
  }

  async pop(max: number, waitMs = 0): Promise<readonly PoppedMessage[]> {
    const deadline = Date.now() + waitMs
    for (;;) {
      const queues = await this.#routes.subscribeQueues(this.#topic)
      const brokers = [...new Set(queues.map((queue) => queue.brokerName))]
      let leftOut = false
      for (let i = 0; i < brokers.length; i++) {
        const brokerName = brokers[this.#turn++ % brokers.length]!
        const leftMs = brokers.length > 1 ? 0 : Math.max(0, deadline - Date.now())
        const popped = await this.#popFrom(brokerName, Math.min(max, popMax), Math.min(leftMs, pollMsMax))
        if (popped.wanted.length > 0) return popped.wanted
        leftOut ||= popped.leftOut
      }
      // messages, if none that is wanted: the next may be
      if (leftOut) continue
      const leftMs = deadline - Date.now()
      if (leftMs <= 0) return []
      await new Promise((resolve) => setTimeout(resolve, Math.min(leftMs, askAgainMs)))
    }
  }

  /** `leftOut`: messages were handed out that the filter leaves out. */
  async #popFrom(
    brokerName: string,
    maxMsgNums: number,
    pollTime: number,
  ): Promise<{ readonly wanted: readonly PoppedMessage[]; readonly leftOut: boolean }> {
    const { from = 'min', order = false } = this.#options
    const address = await this.#addressOf(brokerName)
    const { answer, accepts } = await this.#filters.ask(address, this.#options, (exp, expType) =>
      this.#invoker.invoke(address, 'POP_MESSAGE', {
        header: {
          consumerGroup: this.#group,
          topic: this.#topic,
          queueId: -1,
          maxMsgNums,
          invisibleTime: this.#invisibleMs,
          pollTime,
          bornTime: Date.now(),
          initMode: from === 'max' ? 1 : 0,
          expType,
          exp,
          order,
        },
        body: undefined,
      }),
    )
    if (answer.code === ResponseCode.pollingTimeout || answer.code === ResponseCode.pullNotFound)
      return { wanted: [], leftOut: false }
    const popped = poppedOf(answer, brokerName, this.#topic)
    const wanted = popped.filter(({ message }) => accepts(message))
    if (wanted.length === popped.length) return { wanted, leftOut: false }
    // nobody else of the group would consume them: done with, as what the broker itself leaves out
    for (const each of popped) if (!wanted.includes(each)) await this.ack(each)
    return { wanted, leftOut: true }
  }

  async ack(popped: PoppedMessage): Promise<boolean> {
    const call = { header: this.#receiptHeader(popped), body: undefined }
    const reply = await this.#invoker.invoke(await this.#addressOfMessage(popped), 'ACK_MESSAGE', call)
    checkSuccess(reply, `acknowledgement of ${popped.message.msgId}`)
    return reply.remark === null || reply.remark === ''
  }

  async nack(popped: PoppedMessage, delayMs?: number): Promise<void> {
    const { reconsumeTimes } = popped.message
    await this.#change(popped, delayMs ?? levelDelayMs(retryLevel(reconsumeTimes)), true)
  }

  renew(popped: PoppedMessage, invisibleMs = this.#invisibleMs): Promise<PoppedMessage> {
    return this.#change(popped, invisibleMs, false)
  }

  async #change(popped: PoppedMessage, invisibleMs: number, nack: boolean): Promise<PoppedMessage> {
    const header = { ...this.#receiptHeader(popped), invisibleTime: invisibleMs, ...(nack ? { nack } : {}) }
    const reply = await this.#invoker.invoke(
      await this.#addressOfMessage(popped),
      'CHANGE_MESSAGE_INVISIBLETIME',
      { header, body: undefined },
    )
    const changed = headerOf(reply, `invisible time of ${popped.message.msgId}`)
    const { popTime, invisibleTime, reviveQid: reviveQueueId } = changed
    const receipt = formatReceipt({ ...parseReceipt(popped.receipt)!, popTime, invisibleTime, reviveQueueId })
    return { ...popped, receipt, invisibleUntil: popTime + invisibleTime }
  }

  #receiptHeader({ message, receipt }: PoppedMessage): {
    consumerGroup: string
    topic: string
    queueId: number
    extraInfo: string
    offset: number
  } {
    const { topic, queueId, queueOffset: offset } = message
    return { consumerGroup: this.#group, topic, queueId, extraInfo: receipt, offset }
  }

  #addressOfMessage({ message }: PoppedMessage): Promise<string> {
    return this.#addressOf(message.brokerName)
  }

  #addressOf(brokerName: string): Promise<string> {
    return this.#routes.addressOf({ topic: this.#topic, brokerName, queueId: 0 })
  }
}

/** A message of a RocketMQ broker's retry topic brings its receipt along; others' are put together here. */
function poppedOf(reply: PopReply, brokerName: string, topic: string): PoppedMessage[] {
  if (reply.code !== ResponseCode.success || reply.header === null || reply.body === null)
    throw MqError.fromResponse(reply.code, reply.remark, `pop of ${topic}`)
  const { popTime, invisibleTime, reviveQid, startOffsetInfo = '' } = reply.header
  const starts = new Map<string, number>()
  for (const part of startOffsetInfo.split(';')) {
    const [flag, queueId, offset] = part.split(' ')
    starts.set(`${flag}/${queueId}`, Number(offset))
  }
  return decodeMessages(reply.body, brokerName).map((message) => {
    const retryFlag = message.topic === topic ? '0' : '1'
    const { queueId, queueOffset } = message
    const made = formatReceipt({
      startOffset: starts.get(`${retryFlag}/${queueId}`) ?? queueOffset,
      popTime,
      invisibleTime,
      reviveQueueId: reviveQid,
      retryFlag,
      brokerName,
      queueId,
      queueOffset,
    })
    const receipt = message.properties[Property.popCheckpoint] ?? made
    return { message, receipt, invisibleUntil: popTime + invisibleTime }
  })
}
