import { setTimeout as delay } from 'node:timers/promises'
import type { MqAdmin, TopicRoute } from '../../../src/core/index.ts'
import type { ClientProcess, ConsumerOptions, ProducerOptions } from './client-process.ts'
import { ClientConsumer, ClientProducer } from './client-process.ts'

/** A cluster that clients are tested against. */
export interface Cluster {
  readonly namesrv: string
  readonly admin: MqAdmin
  /** Lets the first messages of a topic expire, so that it is no longer one that holds all it ever did. */
  age(topic: string, queues: number): Promise<void>
}

/** What a feature's steps have: clients, and topics, groups and instances of their own. */
export class World {
  readonly cluster: Cluster
  /** Another cluster, one that can be aged. */
  readonly elsewhere: Cluster
  readonly process: ClientProcess
  /** Another process with the same client. */
  readonly startProcess: () => ClientProcess
  readonly #feature: string
  #clients = 0

  constructor(
    feature: string,
    clusters: readonly [Cluster, Cluster],
    process: ClientProcess,
    startProcess: () => ClientProcess,
  ) {
    this.#feature = feature.replace(/[^a-zA-Z0-9]+/g, '-')
    ;[this.cluster, this.elsewhere] = clusters
    this.process = process
    this.startProcess = startProcess
  }

  get topic(): string {
    return this.#feature
  }

  get group(): string {
    return `${this.#feature}-group`
  }

  /** On return clients are told of it: the Go client starts no consumer of a topic that is not there. */
  async makeTopic(queues = 4, topicName = this.topic, cluster = this.cluster): Promise<void> {
    const config = { topicName, readQueueNums: queues, writeQueueNums: queues, perm: 6 } as const
    const rest = { topicFilterType: 'SINGLE_TAG', topicSysFlag: 0, order: false, attributes: {} } as const
    await cluster.admin.topics.update({ ...config, ...rest }, { clusterName: 'DefaultCluster' })
    // who asks before would take the queues of the topic that others are made after
    const route = (): Promise<TopicRoute> => cluster.admin.topics.route(topicName)
    await eventually(route, ({ queueDatas }) => queueDatas[0]?.writeQueueNums === queues)
  }

  producer(options: Partial<ProducerOptions> = {}, process = this.process): Promise<ClientProducer> {
    const name = this.#name()
    return process.producer(name, {
      namesrv: this.cluster.namesrv,
      group: `${this.#feature}-producers`,
      instance: this.#feature,
      ...options,
    })
  }

  consumer(options: Partial<ConsumerOptions> = {}, process = this.process): Promise<ClientConsumer> {
    const name = this.#name()
    return process.consumer(name, {
      namesrv: this.cluster.namesrv,
      group: this.group,
      topic: this.topic,
      instance: this.#feature,
      kind: 'push',
      ...options,
    })
  }

  #name(): string {
    return `${this.#feature}-${++this.#clients}`
  }
}

/** Asks until the answer is right. @throws Error with the last answer, or what asking threw, after 100 s */
export async function eventually<T>(ask: () => T | Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 100_000
  for (;;) {
    try {
      const answer = await ask()
      if (isRight(answer)) return answer
      if (Date.now() > deadline) throw new Error(`not in 100 s; the last answer: ${JSON.stringify(answer)}`)
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
    await delay(200)
  }
}
