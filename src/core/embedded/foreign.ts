import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { FileSystem } from '../store/file-system.ts'
import { ForeignStore } from '../store/foreign-store.ts'
import { StateDb } from '../store/state-db.ts'
import { fillState, readForeignConfig } from './foreign-config.ts'

export interface ForeignOptions {
  readonly folder: string
  readonly fs: FileSystem
  /** Default 5000. */
  readonly lockTimeoutMs?: number
  /** Where indexes of such folders are kept; null: nowhere. Default the XDG cache. */
  readonly cacheHome?: string | null
}

/** The folder of a RocketMQ broker, read in place. @throws MQ_STORE_CORRUPT */
export function openForeignStore(options: ForeignOptions): ForeignStore {
  const { folder, fs, lockTimeoutMs = 5000, cacheHome = xdgCacheHome() } = options
  const config = readForeignConfig(fs, folder)
  const state = new StateDb(':memory:', 'create')
  try {
    fillState(state, config)
    const { brokerName, clusterName } = config
    const cache = cacheHome === null ? null : join(cacheHome, 'pocketmq', 'foreign', cacheName(fs, folder))
    return new ForeignStore({ folder, fs, state, brokerName, clusterName, cache, lockTimeoutMs })
  } catch (error) {
    state.close()
    throw error
  }
}

/** Null where there is no home, as in some containers. */
function xdgCacheHome(): string | null {
  const { XDG_CACHE_HOME: home = '' } = process.env
  if (isAbsolute(home)) return home
  return isAbsolute(homedir()) ? join(homedir(), '.cache') : null
}

function cacheName(fs: FileSystem, folder: string): string {
  const identity = fs.identity(join(folder, 'commitlog'))
  return createHash('sha256').update(identity).digest('hex').slice(0, 32)
}
