import { MqError } from '../errors.ts'
import { brokerAddr, masterId, type BrokerData, type ClusterInfo, type TopicRoute } from '../model/route.ts'
import type { CallOf, ReplyOf, RequestName } from '../remoting/requests/index.ts'
import { ResponseCode } from '../remoting/response-codes.ts'
import type { Reach } from './admin.ts'
import { tellEach } from './each-broker.ts'
import type { Invoker } from './invoker.ts'

/**
 * Asks name servers: each knows everything, so the first that answers decides, and the next question goes to
 * it.
 */
export class NameServers {
  readonly #invoker: Invoker
  readonly #addresses: readonly string[]
  #preferred = 0

  /** @param addresses `host:port` each, at least one */
  constructor(invoker: Invoker, addresses: readonly string[]) {
    this.#invoker = invoker
    this.#addresses = addresses
  }

  /** @throws MQ_NAMESRV_UNREACHABLE, MQ_TIMEOUT when none answers */
  async ask<N extends RequestName>(name: N, call: CallOf<N>): Promise<ReplyOf<N>> {
    let failure: unknown = null
    for (let i = 0; i < this.#addresses.length; i++) {
      const at = (this.#preferred + i) % this.#addresses.length
      try {
        const reply = await this.#invoker.invoke(this.#addresses[at]!, name, call)
        this.#preferred = at
        return reply
      } catch (error) {
        failure = error
        if (!(error instanceof MqError) || error.exit < 5) throw error
      }
    }
    throw notReached(failure as MqError)
  }

  /**
   * Tells every name server, the others too when one fails: each keeps its own configuration.
   * @throws MQ_PARTIAL when some took it; when none did, what one said, or MQ_NAMESRV_UNREACHABLE
   */
  async tellAll<N extends RequestName>(name: N, call: CallOf<N>, about: string): Promise<void> {
    await tellEach(
      this.#addresses,
      about,
      async (address) => checkSuccess(await this.#invoker.invoke(address, name, call), about),
      (errors) => notReached(errors.find(({ exit }) => exit < 5) ?? errors[0]!),
    )
  }

  /** @throws MQ_TOPIC_NOT_EXIST */
  async route(topic: string): Promise<TopicRoute> {
    const route = await this.routeOrNull(topic)
    if (route === null) throw new MqError('MQ_TOPIC_NOT_EXIST', `no such topic: ${topic}`)
    return route
  }

  async routeOrNull(topic: string): Promise<TopicRoute | null> {
    const reply = await this.ask('GET_ROUTEINFO_BY_TOPIC', {
      header: { topic, acceptStandardJsonOnly: true },
      body: undefined,
    })
    if (reply.code === ResponseCode.topicNotExist) return null
    return bodyOf(reply, `route of ${topic}`)
  }

  async clusterInfo(): Promise<ClusterInfo> {
    return bodyOf(await this.ask('GET_BROKER_CLUSTER_INFO', { header: {}, body: undefined }), 'cluster info')
  }

  get addresses(): readonly string[] {
    return this.#addresses
  }

  /** @throws MQ_CLUSTER_NOT_EXIST */
  async addressesOf(reach: Reach): Promise<string[]> {
    if (reach !== 'everywhere')
      return 'brokerAddr' in reach ? [reach.brokerAddr] : this.masters(reach.clusterName)
    const { brokerAddrTable } = await this.clusterInfo()
    return Object.values(brokerAddrTable).flatMap(({ brokerAddrs }) => brokerAddrs[masterId] ?? [])
  }

  /** Addresses of the masters of a cluster. @throws MQ_CLUSTER_NOT_EXIST */
  async masters(clusterName: string): Promise<string[]> {
    const info = await this.clusterInfo()
    const names = info.clusterAddrTable[clusterName]
    if (names === undefined) throw new MqError('MQ_CLUSTER_NOT_EXIST', `no such cluster: ${clusterName}`)
    return names.flatMap((name) => info.brokerAddrTable[name]?.brokerAddrs[masterId] ?? [])
  }
}

function notReached(error: MqError): MqError {
  if (error.code !== 'MQ_BROKER_UNREACHABLE') return error
  return new MqError('MQ_NAMESRV_UNREACHABLE', `no name server reached: ${error.message}`, { cause: error })
}

/** The body of a success. @throws what MqError.fromResponse makes of a refusal */
export function bodyOf<B>(reply: { code: number; remark: string | null; body: B | null }, about: string): B {
  if (reply.code !== ResponseCode.success || reply.body === null) {
    throw MqError.fromResponse(reply.code, reply.remark, about)
  }
  return reply.body
}

/** The header of a success. @throws what MqError.fromResponse makes of a refusal */
export function headerOf<H>(
  reply: { code: number; remark: string | null; header: H | null },
  about: string,
): H {
  if (reply.code !== ResponseCode.success || reply.header === null) {
    throw MqError.fromResponse(reply.code, reply.remark, about)
  }
  return reply.header
}

/** @throws what MqError.fromResponse makes of a refusal */
export function checkSuccess(reply: { code: number; remark: string | null }, about: string): void {
  if (reply.code !== ResponseCode.success) throw MqError.fromResponse(reply.code, reply.remark, about)
}

/** @throws MQ_BROKER_NOT_EXIST */
export function addressOf(route: TopicRoute, brokerName: string): string {
  const broker = route.brokerDatas.find((each: BrokerData) => each.brokerName === brokerName)
  const address = broker === undefined ? null : brokerAddr(broker)
  if (address === null) throw new MqError('MQ_BROKER_NOT_EXIST', `no broker ${brokerName} has this topic`)
  return address
}
