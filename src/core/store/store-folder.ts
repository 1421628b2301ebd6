import { join } from 'node:path'
import { MqError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import type { FileSystem } from './file-system.ts'
import { writeFormat } from './format-file.ts'
import type { StateDb } from './state-db.ts'

export const defaultBrokerName = 'broker-a'
export const defaultClusterName = 'DefaultCluster'

/** Makes the folders of an empty store. @throws MQ_STORE_FOREIGN, MQ_STORE_UNWRITABLE */
export function createFolder(fs: FileSystem, folder: string): void {
  try {
    if (fs.list(join(folder, 'commitlog')).length > 0) {
      throw new MqError('MQ_STORE_FOREIGN', `${folder} holds a commit log that pocketmq did not write`)
    }
    fs.mkdir(join(folder, 'commitlog'))
    fs.mkdir(join(folder, 'pocketmq', 'index'))
    writeFormat(fs, folder, [{ from: 0, to: null }])
  } catch (error) {
    if (error instanceof MqError) throw error
    const why = (error as Error).message
    throw new MqError('MQ_STORE_UNWRITABLE', `${folder} cannot be written: ${why}`, { cause: error })
  }
}

/** What a folder is created with, and keeps. */
export function initMeta(
  state: StateDb,
  options: { readonly brokerName?: string; readonly clusterName?: string; readonly segmentSize?: number },
): void {
  if (state.meta('segmentSize') !== null) return
  const { brokerName = defaultBrokerName, clusterName = defaultClusterName } = options
  const segmentSize = String(options.segmentSize ?? limits.segmentSizeDefault)
  state.durably(() => state.initMeta({ brokerName, clusterName, segmentSize }))
}
