import { join } from 'node:path'
import { MqError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import { CommitLog } from './commit-log.ts'
import { surveyConsumeQueues, type ConsumeQueueSurvey } from './consume-queue-files.ts'
import type { FileSystem } from './file-system.ts'
import { segmentBase, segmentName } from './segment.ts'
import { storeExists } from './store-folder.ts'

/** True when a folder holds a commit log and no store of ours: a RocketMQ broker wrote it. */
export function isForeign(fs: FileSystem, folder: string): boolean {
  if (storeExists(fs, folder)) return false
  return fs.list(join(folder, 'commitlog')).some((name) => segmentBase(name) !== null)
}

/** Why nothing is written to a folder. */
export function foreignRefusal(folder: string): MqError {
  return new MqError('MQ_STORE_FOREIGN', `${folder} was written by a RocketMQ broker: it is read only`)
}

/** The commit log of a RocketMQ broker, and what its own index tells of deleted topics. */
export class ForeignLog {
  readonly log: CommitLog
  /** What a walk has found: log offsets below which nothing of a topic that was made anew exists. */
  readonly deleted = new Map<string, number>()
  readonly survey: ConsumeQueueSurvey | null

  /** @throws MQ_STORE_CORRUPT when segments differ in size */
  constructor(fs: FileSystem, folder: string) {
    const path = join(folder, 'commitlog')
    // their records carry no CRC over everything, unless enabledAppendPropCRC was on
    this.log = new CommitLog(fs, path, segmentSizeOf(fs, path), () => false)
    this.survey = surveyConsumeQueues(fs, folder)
  }

  /** Log offset below which a topic has nothing. */
  floorOf(topic: string): number {
    return Math.max(this.deleted.get(topic) ?? 0, this.#surveyed(topic))
  }

  #surveyed(topic: string): number {
    return this.survey === null ? 0 : (this.survey.floors.get(topic) ?? this.survey.dispatchedTo)
  }

  /**
   * Where the newest segment with a record in it begins. Damage before is passed over, since the broker wrote
   * on behind it; what is no record behind it is the end. Segments that are allocated ahead hold zeros.
   */
  lastSegment(): number {
    const newest = this.log.segments.findLast(({ base }) => this.#beginsWithRecord(base))
    return newest?.base ?? this.log.minOffset
  }

  #beginsWithRecord(base: number): boolean {
    return this.log.inspect(base, 1024).seen.frame === 'message'
  }
}

/** The size is stored nowhere: a broker that is configured for another one does not start either. */
function segmentSizeOf(fs: FileSystem, folder: string): number {
  const sizes = fs
    .list(folder)
    .flatMap((name) => segmentBase(name) ?? [])
    .map((base) => ({ base, size: fs.fileSize(join(folder, segmentName(base))) ?? 0 }))
  // a broker that died while it made its next file left it empty
  if (sizes.length > 1 && sizes.at(-1)!.size === 0) sizes.pop()
  const [first] = sizes
  const other = sizes.find(({ size }) => size !== first!.size)
  if (other !== undefined) {
    throw new MqError(
      'MQ_STORE_CORRUPT',
      `${join(folder, segmentName(other.base))} has ${other.size} bytes, the first segment ${first!.size}`,
      { hint: 'all segments of a log have one size: put the whole file back, from a backup' },
    )
  }
  return first === undefined || first.size === 0 ? limits.segmentSizeDefault : first.size
}
