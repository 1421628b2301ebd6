import type { MqAdmin, Target } from './client/admin.ts'
import { MqError } from './errors.ts'

export interface ConnectOptions {
  /** For one request; default 5000, mqadmin's. */
  readonly timeoutMs?: number
}

/** Opens a target: a cluster through its name servers, or a folder with nothing running. */
export function connect(target: Target, options: ConnectOptions = {}): Promise<MqAdmin> {
  void options
  return Promise.reject(new MqError('MQ_FAILED', `cannot open ${target.kind}`))
}
