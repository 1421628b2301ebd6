import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Perm } from '../model/topic.ts'
import { RemotingServer } from '../remoting/server.ts'
import { remotingPush } from './client-push.ts'
import { EmbeddedNode } from './node.ts'
import { removeServerFile, writeServerFile } from './server-file.ts'

export interface ServeOptions {
  /** Folder to serve; null: a temporary one that is removed at close. */
  readonly store: string | null
  /** 0 picks a free one. Default 9876. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly bind?: string
  /** Bytes of a commit-log segment, where this makes the folder. */
  readonly segmentSize?: number
  /** Topics to make before the first client is let in. */
  readonly topics?: readonly { readonly name: string; readonly queues: number }[]
}

export interface Served {
  /** `host:port` of name server and broker. */
  readonly address: string
  /** The folder that is served. */
  readonly store: string
  /** Stops taking requests, writes and syncs what was taken, leaves the folder closed. */
  close(): Promise<void>
}

const defaultPort = 9876
const defaultBind = '127.0.0.1'
/** Another process that writes to the folder lets it go within milliseconds. */
const lockTimeoutMs = 2000

/**
 * Name server and broker on one port.
 * @throws MQ_STORE_IN_USE, MQ_STORE_UNWRITABLE, MQ_FAILED, MQ_INVALID_PARAMETER
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const { port = defaultPort, bind = defaultBind, topics = [] } = options
  const store = options.store ?? mkdtempSync(join(tmpdir(), 'pocketmq-'))
  const removeStore = (): void => {
    if (options.store === null) rmSync(store, { recursive: true, force: true })
  }
  let node: EmbeddedNode | null = null
  let server: RemotingServer | null = null
  const push = remotingPush(
    () => server,
    () => node?.broker.brokerName ?? '',
  )
  try {
    const segmentSize = options.segmentSize === undefined ? {} : { segmentSize: options.segmentSize }
    node = new EmbeddedNode({ folder: store, writer: 'hold', lockTimeoutMs, push, ...segmentSize })
    const { broker, handlers } = node
    for (const { name, queues } of topics) createTopic(broker.topics, name, queues)
    const remoting = new RemotingServer({
      port,
      bind,
      handlers,
      onDisconnect: (channel) => broker.disconnected(channel),
    })
    server = remoting
    const address = `${bind}:${await remoting.listen()}`
    writeServerFile(store, address)
    const served = node
    return {
      address,
      store,
      async close() {
        removeServerFile(store)
        await remoting.close()
        served.close()
        removeStore()
      },
    }
  } catch (error) {
    node?.close()
    removeStore()
    throw error
  }
}

function createTopic(topics: EmbeddedNode['broker']['topics'], topicName: string, queues: number): void {
  topics.update({
    topicName,
    readQueueNums: queues,
    writeQueueNums: queues,
    perm: Perm.read | Perm.write,
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: 0,
    order: false,
    attributes: {},
  })
}
