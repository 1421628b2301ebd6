import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { MqError } from '../../errors.ts'
import { UniqueKeys } from '../../model/ids.ts'
import type { Message, NewMessage } from '../../model/message.ts'
import { autoCreateTopic, toolsProducerGroup } from '../../model/names.ts'
import { formatProperties, Property } from '../../model/properties.ts'
import { answerProperties, markedRequest, replyTopicOf, requestMarkOf } from '../../model/request-reply.ts'
import { ResponseCode } from '../../remoting/response-codes.ts'
import type { MessageAdmin } from '../admin.ts'
import { canListen, storedAnswer, toldAnswer, type Asker, type AnswerSource } from '../answers.ts'
import { instanceName } from '../instance-name.ts'
import type { Invoker } from '../invoker.ts'
import { checkSuccess, type NameServers } from '../name-servers.ts'
import type { Answer, RequestAdmin, RequestOptions } from '../request-admin.ts'
import { defaultTopicQueueNums, type RouteTable } from '../route-table.ts'

/** DefaultMQProducer.request and MessageUtil.createReplyMessage, over an invoker. */
export class RemotingRequestAdmin implements RequestAdmin {
  readonly #invoker: Invoker
  readonly #nameServers: NameServers
  readonly #routes: RouteTable
  readonly #messages: MessageAdmin
  readonly #uniqueKeys = new UniqueKeys()
  #round = 0

  constructor(invoker: Invoker, nameServers: NameServers, routes: RouteTable, messages: MessageAdmin) {
    this.#invoker = invoker
    this.#nameServers = nameServers
    this.#routes = routes
    this.#messages = messages
  }

  async request(message: NewMessage, options: RequestOptions): Promise<Answer> {
    const { timeoutMs, group = toolsProducerGroup, queue, signal } = options
    const clientId = `${hostname()}@${instanceName()}`
    const asker = { correlationId: randomUUID(), clientId, producerGroup: group }
    const { correlationId } = asker
    const source = await this.#answerSource(asker)
    const began = Date.now()
    try {
      const marked = markedRequest(message, { ...asker, ttlMs: timeoutMs, clusterName: null })
      const request = await this.#messages.producer({ group, timeoutMs }).send(marked, queue)
      const answer = await source.next(began + timeoutMs, signal)
      if (answer === null) throw unanswered(request.msgId, timeoutMs, signal?.aborted === true)
      const { properties, bornHost, body } = answer
      const msgId = properties[Property.uniqueKey] ?? ''
      return { correlationId, request, msgId, properties, bornHost, elapsedMs: Date.now() - began, body }
    } finally {
      source.close()
    }
  }

  #answerSource(asker: Asker): Promise<AnswerSource> {
    const invoker = this.#invoker
    return canListen(invoker)
      ? toldAnswer(invoker, this.#nameServers, asker)
      : storedAnswer(this.#messages, this.#nameServers, asker)
  }

  async reply(request: Message, body: Buffer): Promise<boolean> {
    const mark = requestMarkOf(request)
    if (mark?.clusterName == null)
      throw new MqError('MQ_INVALID_PARAMETER', `message ${request.msgId} asks for no answer`)
    const topic = replyTopicOf(mark.clusterName)
    const { queues, addresses } = await this.#routes.publishInfo(topic)
    const queue = queues[this.#round++ % queues.length]!
    const properties = formatProperties({
      ...answerProperties(mark),
      [Property.uniqueKey]: this.#uniqueKeys.next(),
      [Property.waitStoreOk]: 'true',
    })
    const reply = await this.#invoker.invoke(addresses.get(queue.brokerName)!, 'SEND_REPLY_MESSAGE_V2', {
      header: {
        producerGroup: toolsProducerGroup,
        topic,
        defaultTopic: autoCreateTopic,
        defaultTopicQueueNums,
        queueId: queue.queueId,
        sysFlag: 0,
        bornTimestamp: Date.now(),
        flag: 0,
        properties,
        reconsumeTimes: 0,
        unitMode: false,
        batch: false,
        brokerName: queue.brokerName,
      },
      body,
    })
    if (reply.code === ResponseCode.systemError && askerIsGone.test(reply.remark ?? '')) return false
    checkSuccess(reply, `answer to ${request.msgId}`)
    return true
  }
}

/** ReplyMessageProcessor.pushReplyMessage: it could not be told, and is stored. */
const askerIsGone = /^push reply message/

function unanswered(msgId: string, timeoutMs: number, isInterrupted: boolean): MqError {
  const hint = `the request is stored in its topic, as ${msgId}: what answers it comes too late`
  if (isInterrupted) return new MqError('MQ_INTERRUPTED', 'interrupted before an answer came', { hint })
  return new MqError('MQ_TIMEOUT', `no answer within ${timeoutMs} ms`, {
    hint: `${hint}; allow more with --timeout, or is \`reply\` not running?`,
  })
}
