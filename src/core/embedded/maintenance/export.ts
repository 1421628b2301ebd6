import { basename, dirname, join } from 'node:path'
import { Timers } from '../../broker/timer/timers.ts'
import type { Clock } from '../../lib/clock.ts'
import { MqError } from '../../errors.ts'
import { ConsumeQueueWriter } from '../../store/consume-queue-files.ts'
import type { FileSystem } from '../../store/file-system.ts'
import type { QueueEntry } from '../../store/index-db.ts'
import { keepsAll } from '../../store/retention.ts'
import { segmentName } from '../../store/segment.ts'
import { Store } from '../../store/store.ts'
import { exportConfig, type ExportedConfig } from './export-config.ts'
import { copySparsely } from './sparse-copy.ts'

export interface ExportReport extends ExportedConfig {
  readonly to: string
  readonly segmentSize: number
  readonly segments: number
  readonly queues: number
  readonly messages: number
}

/** Entries asked of the index at a time. */
const entriesAtOnce = 16_384

/**
 * Writes what a RocketMQ broker starts on: segments, config and consume queues. A 5.5.0 broker without the
 * last would index its last ten segments only (commitLogRecoverMaxNum). No checkpoint, abort, lock or index:
 * it makes them. The folder appears whole, or not at all. Yields bytes of the log done.
 * @throws MQ_STORE_IN_USE, MQ_STORE_CORRUPT for a log with damage, MQ_FAILED when `to` is there and not empty
 */
export function* exportStore(
  fs: FileSystem,
  clock: Clock,
  folder: string,
  to: string,
  lockTimeoutMs: number,
): Generator<number, ExportReport> {
  if (fs.list(to).length > 0) {
    throw new MqError('MQ_FAILED', `${to} is not empty`, { hint: 'name a folder that is not there yet' })
  }
  const store = new Store({ folder, fs, clock, writer: 'hold', lockTimeoutMs, retention: keepsAll })
  const draft = join(dirname(to), `.${basename(to)}.${process.pid}.partial`)
  try {
    const segments = yield* copySegments(fs, store, folder, draft)
    const written = writeQueues(fs, store, draft)
    const timers = new Timers(store)
    timers.load()
    const config = exportConfig(fs, draft, store.state, store, clock, timers.lowestOffset())
    fs.syncFolder(draft)
    fs.removeFolder(to)
    fs.rename(draft, to)
    fs.syncFolder(dirname(to))
    return { to, segmentSize: store.segmentSize, segments, ...written, ...config }
  } finally {
    fs.removeFolder(draft)
    store.close()
  }
}

function* copySegments(
  fs: FileSystem,
  store: Store,
  folder: string,
  draft: string,
): Generator<number, number> {
  const { segmentSize, commitLogMinOffset: begin, commitLogMaxOffset: end } = store
  fs.mkdir(join(draft, 'commitlog'))
  let segments = 0
  for (let base = begin; base < end; base += segmentSize) {
    const [from, to] = [folder, draft].map((each) => join(each, 'commitlog', segmentName(base)))
    const copy = copySparsely(fs, from!, to!, Math.min(segmentSize, end - base), segmentSize)
    for (let step = copy.next(); step.done !== true; step = copy.next()) yield base - begin + step.value
    segments++
  }
  fs.syncFolder(join(draft, 'commitlog'))
  return segments
}

function writeQueues(fs: FileSystem, store: Store, draft: string): { queues: number; messages: number } {
  const writer = new ConsumeQueueWriter(fs, draft)
  let messages = 0
  const extents = store.extents()
  for (const { topic, queueId, minOffset } of extents) {
    writer.write(
      topic,
      queueId,
      counted(entriesOf(store, topic, queueId, minOffset), () => messages++),
    )
  }
  return { queues: extents.length, messages }
}

function* entriesOf(store: Store, topic: string, queueId: number, from: number): Generator<QueueEntry> {
  for (let next = from; ;) {
    const entries = store.entries(topic, queueId, next, entriesAtOnce)
    if (entries.length === 0) return
    yield* entries
    next = entries.at(-1)!.queueOffset + 1
  }
}

function* counted<T>(items: Iterable<T>, count: () => void): Generator<T> {
  for (const item of items) {
    count()
    yield item
  }
}
