import type { Clock, Timers } from '../lib/clock.ts'
import { namesrvHandlers, registrationHandlers, type KvConfig } from '../namesrv/handlers.ts'
import { Routes, type LocalBroker } from '../namesrv/routes.ts'
import type { Channel, Handlers } from '../remoting/handlers.ts'
import { nodeFileSystem } from '../store/file-system.ts'
import { openFolder } from '../store/store-folder.ts'
import { kvConfigDb } from './kv-config-db.ts'

export interface NameServerOptions {
  readonly clock: Clock
  readonly timers: Timers
  readonly kvConfig: KvConfig
  /** The broker of this process; null: there is none. */
  readonly local: LocalBroker | null
  /** False: it answers for the local broker only, which is how commands on its folder find it. */
  readonly takesBrokers: boolean
}

/** A name server: routes and their handlers. */
export class NameServer {
  readonly handlers: Handlers
  readonly #routes: Routes

  constructor({ clock, timers, kvConfig, local, takesBrokers }: NameServerOptions) {
    const routes = (this.#routes = new Routes(clock, local))
    this.handlers = {
      ...namesrvHandlers(routes, kvConfig),
      ...(takesBrokers ? registrationHandlers(routes, kvConfig) : {}),
    }
    if (takesBrokers) routes.expireEvery(timers)
  }

  disconnected(channel: Channel): void {
    this.#routes.disconnected(channel)
  }

  close(): void {
    this.#routes.close()
  }
}

/**
 * A name server without a broker; its KV configuration is in a folder's state.db.
 * @throws MQ_STORE_FOREIGN, MQ_STORE_UNWRITABLE, MQ_STORE_VERSION, MQ_STORE_CORRUPT
 */
export function openNameServer(
  folder: string,
  clock: Clock,
  timers: Timers,
): Pick<NameServer, 'handlers' | 'disconnected' | 'close'> {
  const { state } = openFolder({ folder, fs: nodeFileSystem })
  const kvConfig = kvConfigDb(state)
  const nameServer = new NameServer({ clock, timers, kvConfig, local: null, takesBrokers: true })
  return {
    handlers: nameServer.handlers,
    disconnected: (channel) => nameServer.disconnected(channel),
    close: () => {
      nameServer.close()
      state.close()
    },
  }
}
