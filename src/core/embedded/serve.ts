import { MqError } from '../errors.ts'

export interface ServeOptions {
  /** Folder to serve; null: a temporary one that is removed at close. */
  readonly store: string | null
  /** 0 picks a free one. Default 9876. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly bind?: string
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

/** Name server and broker on one port. */
export function serve(options: ServeOptions): Promise<Served> {
  return Promise.reject(new MqError('MQ_FAILED', `cannot serve ${options.store ?? 'a temporary folder'}`))
}
