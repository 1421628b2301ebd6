import type { MqAdmin, Target } from './client/admin.ts'
import { RemoteInvoker } from './client/remote-invoker.ts'
import { RemotingAdmin } from './client/remoting-admin.ts'
import { folderAddress, LoopbackInvoker } from './embedded/loopback-invoker.ts'
import { serverOf } from './embedded/server-file.ts'

export interface ConnectOptions {
  /** For one request; default 5000, mqadmin's. */
  readonly timeoutMs?: number
  /**
   * False: a folder without a store is MQ_STORE_NOT_FOUND; what commands that only read ask for. Default
   * true.
   */
  readonly create?: boolean
  /** Bytes of a commit-log segment, where this creates the folder. */
  readonly segmentSize?: number
  /** Header type of requests to a cluster; default json, Java's. */
  readonly serializeType?: 'json' | 'binary'
}

const defaultTimeoutMs = 5000

/**
 * Opens a target: a cluster through its name servers, or a folder, through the server that holds it, else
 * with nothing running. Nothing is read or dialled before the first operation.
 */
export function connect(target: Target, options: ConnectOptions = {}): Promise<MqAdmin> {
  const { timeoutMs = defaultTimeoutMs, serializeType = 'json' } = options
  const overTcp = (namesrv: readonly string[]): MqAdmin =>
    new RemotingAdmin(target, new RemoteInvoker({ timeoutMs, serializeType }), namesrv)
  if (target.kind === 'cluster') return Promise.resolve(overTcp(target.namesrv))
  const server = serverOf(target.store)
  if (server !== null) return Promise.resolve(overTcp([server.address]))
  const { segmentSize, create = true } = options
  const node = {
    folder: target.store,
    lockTimeoutMs: timeoutMs,
    ...(segmentSize === undefined ? {} : { segmentSize }),
  }
  const loopback = new LoopbackInvoker(node, create)
  return Promise.resolve(new RemotingAdmin(target, loopback, [folderAddress]))
}
