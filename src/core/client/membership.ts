import { MqError } from '../errors.ts'
import type { ConsumerData, Subscription } from '../model/client-data.ts'
import { brokerAddr } from '../model/route.ts'
import type { Invoker } from './invoker.ts'
import { bodyOf, checkSuccess } from './name-servers.ts'
import type { RouteTable } from './route-table.ts'

export interface MembershipParts {
  readonly clientId: string
  readonly invoker: Invoker
  readonly routes: RouteTable
}

/** One consumer's place in its group, at every broker that has one of its topics. */
export class Membership {
  readonly #parts: MembershipParts
  readonly #group: string
  readonly #subscriptions: readonly Subscription[]
  readonly #report: (error: unknown) => void

  constructor(
    parts: MembershipParts,
    group: string,
    subscriptions: readonly Subscription[],
    report: (error: unknown) => void,
  ) {
    this.#parts = parts
    this.#group = group
    this.#subscriptions = subscriptions
    this.#report = report
  }

  async heartbeat(consumer: ConsumerData): Promise<void> {
    const { clientId, invoker } = this.#parts
    const body = { clientId, producerGroups: [], consumers: [consumer], fingerprint: 0, withoutSub: false }
    await this.#atBrokers(async (address) => {
      checkSuccess(
        await invoker.invoke(address, 'HEART_BEAT', { header: {}, body }),
        `heartbeat to ${address}`,
      )
    })
  }

  async leave(): Promise<void> {
    const { clientId, invoker } = this.#parts
    const call = { header: { clientID: clientId, consumerGroup: this.#group }, body: undefined }
    await this.#atBrokers((address) => invoker.invoke(address, 'UNREGISTER_CLIENT', call))
  }

  /** Client ids. */
  async members(topic: string): Promise<readonly string[]> {
    const [address] = await this.addresses(topic)
    if (address === undefined) return []
    const call = { header: { consumerGroup: this.#group }, body: undefined }
    const reply = await this.#parts.invoker.invoke(address, 'GET_CONSUMER_LIST_BY_GROUP', call)
    return bodyOf(reply, `members of ${this.#group}`)
  }

  /** Of brokers that have the topic. */
  async addresses(topic: string): Promise<string[]> {
    const route = await this.#parts.routes.route(topic).catch(ifNoTopic(null))
    return route === null ? [] : route.brokerDatas.flatMap((broker) => brokerAddr(broker) ?? [])
  }

  /** One that fails is told of, and keeps nobody waiting. */
  async #atBrokers(act: (address: string) => Promise<unknown>): Promise<void> {
    const topics = this.#subscriptions.map(({ topic }) => this.addresses(topic))
    const addresses = new Set((await Promise.all(topics)).flat())
    await Promise.all(
      [...addresses].map((address) => act(address).catch((error: unknown) => this.#report(error))),
    )
  }
}

/** A topic may be made later: its first message makes it. */
export function ifNoTopic<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof MqError && error.code === 'MQ_TOPIC_NOT_EXIST') return instead
    throw error
  }
}
