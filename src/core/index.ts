/**
 * What `import … from 'pocketmq'` gives: a broker inside this process (`serve`), a broker in a folder
 * (`openFolder`), and a producer, a consumer and an admin client for any RocketMQ cluster.
 */
import type { MqAdmin as Admin } from './client/admin.ts'
import { connect } from './connect.ts'
import { namesrvAddresses, type Namesrv } from './library/namesrv.ts'

export { serve, type Served, type ServeOptions } from './embedded/serve.ts'
export { Producer, type OutgoingMessage, type ProducerOptions } from './library/producer.ts'
export { Consumer, type ConsumerOptions } from './library/consumer.ts'
export { MqError, type ErrorCode } from './errors.ts'
export type { Namesrv }
export type { Log } from './lib/log.ts'
export type { Message, NewMessage, PullResult, SendResult } from './model/message.ts'
export type { MessageQueue } from './model/queue.ts'
export type { TopicConfig } from './model/topic.ts'
export type { TopicRoute } from './model/route.ts'

export interface AdminOptions {
  readonly namesrv: Namesrv
  /** For one request; default 5000. */
  readonly timeoutMs?: number
}

export interface FolderOptions {
  /** How long to wait for another process that is writing; default 5000. */
  readonly timeoutMs?: number
  /** False: a folder without a store is MQ_STORE_NOT_FOUND. Default true. */
  readonly create?: boolean
  /** Bytes of a commit-log segment, where this makes the folder. Default 1 GiB, sparse. */
  readonly segmentSize?: number
}

/** Topics, messages and brokers of a target; every failure is an MqError. */
export type MqAdmin = Admin

export const MqAdmin = {
  /** Of a cluster. Nothing is dialled before the first question. @throws MQ_TARGET */
  connect({ namesrv, ...options }: AdminOptions): Promise<MqAdmin> {
    return connect({ kind: 'cluster', namesrv: namesrvAddresses(namesrv) }, options)
  },
}

/**
 * A broker in a folder, without a server: what is sent is on the disk when `send` resolves. Goes through the
 * server that holds it, if one does.
 */
export function openFolder(folder: string, options: FolderOptions = {}): Promise<MqAdmin> {
  return connect({ kind: 'folder', store: folder }, options)
}
