import { join } from 'node:path'
import { MqError } from '../../errors.ts'
import type { FileSystem } from '../../store/file-system.ts'
import { ForeignLog } from '../../store/foreign-log.ts'
import { writeFormatTo } from '../../store/format-file.ts'
import { IndexFiles } from '../../store/index-files.ts'
import { liveBroker } from '../../store/live-broker.ts'
import { StoreLock } from '../../store/lock.ts'
import type { StateDb } from '../../store/state-db.ts'
import { createState } from '../../store/store-folder.ts'
import { StoreIndex } from '../../store/store-index.ts'
import { fillState, readForeignConfig, type ForeignConfig } from '../foreign-config.ts'

export interface ImportReport {
  readonly brokerName: string
  readonly clusterName: string
  readonly topics: number
  readonly groups: number
  readonly offsets: number
  readonly queues: number
  readonly segments: number
  /** Messages are ours from here on. */
  readonly logEnd: number
  /** Damaged parts of the log, which are passed over. */
  readonly damaged: number
}

/**
 * Takes the folder of a RocketMQ broker over. Everything of ours is made in a folder of another name and put
 * in place by one rename: a crash leaves the broker's folder as it was, or one of ours. Commit log and config
 * are not changed; the first writer cuts off what lies behind the log's end. Yields bytes of the log done.
 * @throws MQ_STORE_IN_USE while a broker runs on it or another import does, MQ_STORE_CORRUPT
 */
export function* importStore(fs: FileSystem, folder: string): Generator<number, ImportReport> {
  refuseLive(fs, folder)
  const config = readForeignConfig(fs, folder)
  const foreign = new ForeignLog(fs, folder)
  const draft = join(folder, 'pocketmq.importing')
  fs.mkdir(join(draft, 'index'))
  const lock = new StoreLock(draft)
  let done = false
  try {
    lock.acquire(0)
    clear(fs, draft)
    const report = yield* fillDraft(fs, draft, foreign, config)
    refuseLive(fs, folder)
    lock.close()
    fs.rename(draft, join(folder, 'pocketmq'))
    fs.syncFolder(folder)
    // a broker that is started here again, against all advice, must look at what was written behind its own
    // end
    fs.replaceFile(join(folder, 'abort'), Buffer.alloc(0))
    done = true
    return report
  } finally {
    foreign.log.close()
    const held = lock.held
    lock.close()
    if (!done && held) fs.removeFolder(draft)
  }
}

function refuseLive(fs: FileSystem, folder: string): void {
  const live = liveBroker(fs, folder)
  if (live === null) return
  throw new MqError('MQ_STORE_IN_USE', `${folder}: ${live}`, { hint: 'stop the broker, then import' })
}

/** What an import that died has left; not the files of the lock that is held. */
function clear(fs: FileSystem, draft: string): void {
  for (const name of fs.list(draft)) {
    if (!/^(gate|main)/.test(name)) fs.removeFolder(join(draft, name))
  }
}

function* fillDraft(
  fs: FileSystem,
  draft: string,
  foreign: ForeignLog,
  config: ForeignConfig,
): Generator<number, ImportReport> {
  const { log } = foreign
  const { brokerName, clusterName } = config
  const state = createState(join(draft, 'state.db'), {
    brokerName,
    clusterName,
    segmentSize: log.segmentSize,
  })
  let damaged = 0
  const index = new StoreIndex(
    new IndexFiles(fs, draft, state.meta('storeId')!),
    log,
    (topic) => hiding(topic),
    () => {
      damaged++
    },
    (topic, gone) => void foreign.deleted.set(topic, gone),
  )
  const hidden = new Map<string, number>()
  const hiding = (topic: string): number => {
    const floor = foreign.floorOf(topic)
    if (floor > log.minOffset) hidden.set(topic, floor)
    return floor
  }
  try {
    const steps = index.attachSteps(foreign.lastSegment())
    for (let step = steps.next(); step.done !== true; step = steps.next()) yield step.value - log.minOffset
    const logEnd = index.coveredTo
    fillState(state, config)
    hide(state, new Map([...hidden, ...foreign.deleted]), logEnd)
    // not clean: the first writer looks at what follows, which may be a torn record, or files allocated ahead
    state.setWriter({ ...state.writer(), clean: false, logEnd, syncedTo: logEnd, indexedTo: logEnd })
    writeFormatTo(fs, join(draft, 'FORMAT'), state.meta('storeId')!, [{ from: logEnd, to: null }])
    const { topics, groups, offsets } = config
    return {
      brokerName,
      clusterName,
      topics: topics.length,
      groups: groups.size,
      offsets: offsets.length,
      queues: index.extents().length,
      segments: log.segments.length,
      logEnd,
      damaged,
    }
  } finally {
    index.close()
    state.close()
  }
}

/** Deleted topics get the tombstones that they would have here. */
function hide(state: StateDb, topics: ReadonlyMap<string, number>, logEnd: number): void {
  const insert = state.db.prepare('INSERT OR REPLACE INTO tombstone VALUES (?, ?)')
  state.durably(() => {
    for (const [topic, offset] of topics) insert.run(topic, Math.min(offset, logEnd))
  })
}
