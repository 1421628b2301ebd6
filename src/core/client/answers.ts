import { setTimeout as pause } from 'node:timers/promises'
import { decompressOrNull } from '../model/decompress.ts'
import type { Message } from '../model/message.ts'
import { parseProperties, Property } from '../model/properties.ts'
import type { MessageQueue } from '../model/queue.ts'
import { replyTopicOf } from '../model/request-reply.ts'
import { brokerAddr } from '../model/route.ts'
import { SysFlag } from '../model/sys-flag.ts'
import { decodeCall } from '../remoting/codec.ts'
import type { Command } from '../remoting/frame.ts'
import { answerFrame } from '../remoting/response-frame.ts'
import { requests } from '../remoting/requests/index.ts'
import type { MessageAdmin } from './admin.ts'
import type { Invoker } from './invoker.ts'
import { checkSuccess, type NameServers } from './name-servers.ts'

export type RawAnswer = Pick<Message, 'properties' | 'body' | 'bornHost'>

/** Where the answer to one request comes in. */
export interface AnswerSource {
  /** Null: none came before `deadline`, epoch ms, or `signal`. */
  next(deadline: number, signal: AbortSignal | undefined): Promise<RawAnswer | null>
  close(): void
}

export interface Asker {
  readonly correlationId: string
  readonly clientId: string
  readonly producerGroup: string
}

/** One that hears what brokers say unasked. */
export type ListeningInvoker = Invoker & Required<Pick<Invoker, 'listen'>>

export function canListen(invoker: Invoker): invoker is ListeningInvoker {
  return invoker.listen !== undefined
}

/** MQClientInstance; a broker forgets who says nothing for two minutes. */
const heartbeatMs = 30_000

/**
 * Answers that brokers tell: the asker is registered with all of them, since an answer goes to any broker of
 * the cluster. @throws MQ_BROKER_UNREACHABLE when none takes the heartbeat
 */
export async function toldAnswer(
  invoker: ListeningInvoker,
  nameServers: NameServers,
  { correlationId, clientId, producerGroup }: Asker,
): Promise<AnswerSource> {
  let told: (answer: RawAnswer | null) => void = () => undefined
  const answer = new Promise<RawAnswer | null>((resolve) => (told = resolve))
  const off = invoker.listen((command, respond) => {
    const found = readTold(command)
    if (found?.properties[Property.correlationId] !== correlationId) return
    // a RocketMQ broker holds who answers until who asked has said that it has the answer
    respond(answerFrame(command, 'PUSH_REPLY_MESSAGE_TO_CLIENT', {}))
    told(found)
  })
  const body = { clientId, producerGroups: [producerGroup], consumers: [], fingerprint: 0, withoutSub: false }
  let addresses: readonly string[] = []
  const heartbeat = async (): Promise<PromiseSettledResult<void>[]> =>
    Promise.allSettled(
      addresses.map(async (address) =>
        checkSuccess(
          await invoker.invoke(address, 'HEART_BEAT', { header: {}, body }),
          `heartbeat to ${address}`,
        ),
      ),
    )
  try {
    const { brokerAddrTable } = await nameServers.clusterInfo()
    addresses = Object.values(brokerAddrTable).flatMap((broker) => brokerAddr(broker) ?? [])
    const taken = await heartbeat()
    const refused = taken.find((each) => each.status === 'rejected')
    if (refused !== undefined && taken.every(({ status }) => status === 'rejected')) throw refused.reason
  } catch (error) {
    off()
    throw error
  }
  const timer = setInterval(() => void heartbeat(), heartbeatMs)
  return {
    next(deadline, signal) {
      const late = setTimeout(() => told(null), deadline - Date.now())
      signal?.addEventListener('abort', () => told(null), { once: true })
      if (signal?.aborted === true) told(null)
      return answer.finally(() => clearTimeout(late))
    },
    close() {
      clearInterval(timer)
      off()
    },
  }
}

/** ClientRemotingProcessor.receiveReplyMessage; null for anything else that a broker says. */
function readTold(command: Command): RawAnswer | null {
  if (command.code !== requests.PUSH_REPLY_MESSAGE_TO_CLIENT.code) return null
  const { header, body } = decodeCall('PUSH_REPLY_MESSAGE_TO_CLIENT', command)
  const isCompressed = (header.sysFlag & SysFlag.compressed) !== 0
  return {
    properties: parseProperties(header.properties ?? ''),
    bornHost: header.bornHost,
    body: (isCompressed ? decompressOrNull(body, header.sysFlag) : null) ?? body,
  }
}

/** How often a folder is looked into: who asks waits for no more than that. */
const lookMs = 10

/**
 * With nothing running nobody can tell: the answer is read from where it is stored, the reply topic, from the
 * end that it has now.
 */
export async function storedAnswer(
  messages: MessageAdmin,
  nameServers: NameServers,
  { correlationId }: Asker,
): Promise<AnswerSource> {
  const { clusterAddrTable } = await nameServers.clusterInfo()
  const places: { queue: MessageQueue; next: number }[] = []
  for (const clusterName of Object.keys(clusterAddrTable))
    for (const queue of await messages.queues(replyTopicOf(clusterName)))
      places.push({ queue, next: await messages.maxOffset(queue) })
  const look = async (): Promise<RawAnswer | null> => {
    for (const place of places) {
      const { messages: found, nextBeginOffset } = await messages.pull(place.queue, place.next)
      place.next = Math.max(place.next, nextBeginOffset)
      const answer = found.find(({ properties }) => properties[Property.correlationId] === correlationId)
      if (answer !== undefined) return answer
    }
    return null
  }
  return {
    async next(deadline, signal) {
      for (;;) {
        const answer = await look()
        if (answer !== null) return answer
        const leftMs = deadline - Date.now()
        if (leftMs <= 0 || signal?.aborted === true) return null
        await pause(Math.min(lookMs, leftMs))
      }
    },
    close: () => undefined,
  }
}
