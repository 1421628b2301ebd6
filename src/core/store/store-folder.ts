import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { MqError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import type { FileSystem } from './file-system.ts'
import { readFormat, writeFormat, type Format } from './format-file.ts'
import { segmentBase } from './segment.ts'
import { StateDb } from './state-db.ts'

export const defaultBrokerName = 'broker-a'
export const defaultClusterName = 'DefaultCluster'

/** What a folder is created with, and keeps. */
export interface Creation {
  readonly folder: string
  readonly fs: FileSystem
  readonly brokerName?: string
  readonly clusterName?: string
  readonly segmentSize?: number
}

/** True when a store has been created in the folder, even if a part of it is lost. */
export function storeExists(fs: FileSystem, folder: string): boolean {
  const own = join(folder, 'pocketmq')
  return fs.fileSize(join(own, 'FORMAT')) !== null || fs.fileSize(join(own, 'state.db')) !== null
}

/**
 * Opens what says of a folder what it is. FORMAT is written last: with it a state.db that is missing or empty
 * is a lost one, without it the folder was never finished, and is finished now.
 * @throws MQ_STORE_FOREIGN, MQ_STORE_UNWRITABLE, MQ_STORE_VERSION, MQ_STORE_CORRUPT
 */
export function openFolder(creation: Creation): { readonly state: StateDb; readonly format: Format } {
  const { fs, folder } = creation
  const statePath = join(folder, 'pocketmq', 'state.db')
  try {
    const format = readFormat(fs, folder)
    if (format === null) return createFolder(creation, statePath)
    if (fs.fileSize(statePath) === null) {
      throw new MqError('MQ_STORE_CORRUPT', `${statePath} is missing`, {
        hint: 'topics, groups and offsets are in it: put it back from a backup; nothing was changed',
      })
    }
    const state = new StateDb(statePath, 'open')
    if (state.meta('storeId') === format.storeId) return { state, format }
    state.close()
    throw new MqError('MQ_STORE_CORRUPT', `${statePath} is that of another folder`, {
      hint: 'topics, groups and offsets are in it: put the right one back; nothing was changed',
    })
  } catch (error) {
    if (error instanceof MqError) throw error
    const why = (error as Error).message
    throw new MqError('MQ_STORE_UNWRITABLE', `${folder} cannot be opened: ${why}`, { cause: error })
  }
}

function createFolder(creation: Creation, statePath: string): ReturnType<typeof openFolder> {
  const { fs, folder } = creation
  if (fs.list(join(folder, 'commitlog')).some((name) => segmentBase(name) !== null)) {
    // another process may have finished the folder since, and begun its log: FORMAT comes before the log
    if (readFormat(fs, folder) !== null) return openFolder(creation)
    if (fs.fileSize(statePath) === null)
      throw new MqError('MQ_STORE_FOREIGN', `${folder} holds a commit log that pocketmq did not write`)
    throw new MqError('MQ_STORE_CORRUPT', `${join(folder, 'pocketmq', 'FORMAT')} is missing`, {
      hint: 'it says which parts of the log pocketmq wrote: put it back from a backup; nothing was changed',
    })
  }
  fs.mkdir(join(folder, 'commitlog'))
  fs.mkdir(join(folder, 'pocketmq', 'index'))
  const state = createState(statePath, creation)
  writeFormat(fs, folder, state.meta('storeId')!, [{ from: 0, to: null }])
  return { state, format: readFormat(fs, folder)! }
}

/** A state of a new store; `folder` and `fs` of the creation are not looked at. */
export function createState(path: string, creation: Omit<Creation, 'folder' | 'fs'>): StateDb {
  const state = new StateDb(path, 'create')
  initMeta(state, creation)
  return state
}

function initMeta(state: StateDb, creation: Omit<Creation, 'folder' | 'fs'>): void {
  if (state.meta('segmentSize') !== null) return
  const { brokerName = defaultBrokerName, clusterName = defaultClusterName } = creation
  const segmentSize = String(creation.segmentSize ?? limits.segmentSizeDefault)
  // indexes name it: one that was copied from another folder is not taken for this one's
  state.durably(() => state.initMeta({ brokerName, clusterName, segmentSize, storeId: randomUUID() }))
}
