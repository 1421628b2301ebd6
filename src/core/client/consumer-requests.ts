import type { ConsumeDirectlyResult, ConsumerRunningInfo } from '../model/client-data.ts'
import { decodeMessage } from '../model/message-codec.ts'
import { readRecord } from '../model/record.ts'
import type { Message } from '../model/message.ts'
import type { QueueOffset } from '../model/stats.ts'
import { decodeCall } from '../remoting/codec.ts'
import { answerFrame, refusalFrame } from '../remoting/response-frame.ts'
import type { Command } from '../remoting/frame.ts'
import { answerOfError } from '../remoting/handlers.ts'
import { requestNameOf, type AnswerOf, type CallOf, type RequestName } from '../remoting/requests/index.ts'
import { ResponseCode } from '../remoting/response-codes.ts'

/** What brokers ask of a consumer, and tell it. */
export interface AskedConsumer {
  readonly group: string
  rebalance(): Promise<void>
  runningInfo(jstack: boolean): ConsumerRunningInfo
  consumeDirectly(message: Message): Promise<ConsumeDirectlyResult>
  heldOffsets(topic: string): readonly QueueOffset[]
  resetOffsets(topic: string, offsets: readonly QueueOffset[]): Promise<void>
}

type Answering<N extends RequestName> = (
  consumer: AskedConsumer,
  call: CallOf<N>,
) => AnswerOf<N> | Promise<AnswerOf<N>>

/** ClientRemotingProcessor: 40, 220, 221, 307, 309. */
const answers: { readonly [N in RequestName]?: Answering<N> } = {
  NOTIFY_CONSUMER_IDS_CHANGED: async (consumer) => {
    await consumer.rebalance()
    return {}
  },
  RESET_CONSUMER_CLIENT_OFFSET: async (consumer, { header, body }) => {
    if (header.group === consumer.group) await consumer.resetOffsets(header.topic, body.offsets)
    return {}
  },
  GET_CONSUMER_STATUS_FROM_CLIENT: (consumer, { header }) => ({
    body: header.group === consumer.group ? consumer.heldOffsets(header.topic) : [],
  }),
  GET_CONSUMER_RUNNING_INFO: (consumer, { header }) =>
    header.consumerGroup === consumer.group
      ? { body: consumer.runningInfo(header.jstackEnable === true) }
      : unknownGroup(header.consumerGroup),
  CONSUME_MESSAGE_DIRECTLY: async (consumer, { header, body }) =>
    header.consumerGroup === consumer.group
      ? { body: await consumer.consumeDirectly(readMessage(body, header.brokerName ?? '')) }
      : unknownGroup(header.consumerGroup),
}

function readMessage(record: Buffer, brokerName: string): Message {
  return decodeMessage(readRecord(record, 0), brokerName)
}

function unknownGroup(group: string): { readonly code: number; readonly remark: string } {
  return {
    code: ResponseCode.systemError,
    remark: `The Consumer Group <${group}> not exist in this consumer`,
  }
}

/** The frame that answers a request of a broker. Never rejects. */
export async function answerRequest(consumer: AskedConsumer, command: Command): Promise<Buffer> {
  const name = requestNameOf(command.code)
  const answer = name === null ? undefined : (answers[name] as Answering<RequestName> | undefined)
  if (name === null || answer === undefined) {
    const remark = ` request type ${command.code} not supported`
    return refusalFrame(command, ResponseCode.requestCodeNotSupported, remark)
  }
  try {
    return answerFrame(command, name, await answer(consumer, decodeCall(name, command)))
  } catch (error) {
    const { code, remark } = answerOfError(error)
    return refusalFrame(command, code, remark)
  }
}
