import { join } from 'node:path'
import { bootId } from '../../lib/boot-id.ts'
import { MqError } from '../../errors.ts'
import { Catalog } from '../../store/catalog.ts'
import { CommitLog } from '../../store/commit-log.ts'
import { dispatchedRecord } from '../../store/dispatcher.ts'
import type { FileSystem } from '../../store/file-system.ts'
import { ForeignLog } from '../../store/foreign-log.ts'
import { isOurs } from '../../store/format-file.ts'
import type { QueueExtent } from '../../store/index-db.ts'
import { IndexFiles } from '../../store/index-files.ts'
import { StoreLock } from '../../store/lock.ts'
import { walkSteps } from '../../store/log-walk.ts'
import { isCorrupt } from '../../store/sqlite.ts'
import { QueueFloors, Tombstones } from '../../store/state-tables.ts'
import type { StateDb } from '../../store/state-db.ts'
import { openFolder } from '../../store/store-folder.ts'
import { readForeignConfig } from '../foreign-config.ts'
import { IndexCheck } from './verify-index.ts'

/** Something that is not as it should be. */
export interface Problem {
  readonly part: 'log' | 'index' | 'state' | 'config'
  /** Log offset it is about; null: of none. */
  readonly offset: number | null
  readonly message: string
}

export interface VerifyReport {
  readonly ok: boolean
  readonly segments: number
  readonly records: number
  readonly queues: number
  /** The log lies in [logBegin, logEnd). */
  readonly logBegin: number
  readonly logEnd: number
  /** The first ones; damage may lead to more than anybody reads. */
  readonly problems: readonly Problem[]
  /** Of all kinds, with those that are not listed. */
  readonly problemCount: number
}

const problemsMax = 200

/** Looks at everything and changes nothing: log, index and state of a folder of ours. Yields bytes done. */
export function* verifyOwn(
  fs: FileSystem,
  folder: string,
  lockTimeoutMs: number,
): Generator<number, VerifyReport> {
  const { state, format } = openFolder({ fs, folder })
  const own = join(folder, 'pocketmq')
  const lock = new StoreLock(own)
  const size = Number(state.meta('segmentSize'))
  const log = new CommitLog(fs, join(folder, 'commitlog'), size, (offset) => isOurs(format.ours, offset))
  try {
    lock.acquire(lockTimeoutMs)
    log.refresh()
    const files = new IndexFiles(fs, own, state.meta('storeId') ?? '')
    return yield* new Verify(log, { state, files }).run()
  } finally {
    log.close()
    lock.close()
    state.close()
  }
}

/** The log and config of a RocketMQ broker's folder. */
export function* verifyForeign(fs: FileSystem, folder: string): Generator<number, VerifyReport> {
  const foreign = new ForeignLog(fs, folder)
  try {
    const verify = new Verify(foreign.log, { syncedTo: foreign.lastSegment() })
    verify.guarded('config', () => void readForeignConfig(fs, folder))
    return yield* verify.run()
  } finally {
    foreign.log.close()
  }
}

interface OwnParts {
  readonly state: StateDb
  readonly files: IndexFiles
}

class Verify {
  readonly #log: CommitLog
  readonly #own: OwnParts | null
  readonly #syncedTo: number
  readonly #tombstones: Tombstones | null
  readonly #catalog: Catalog | null
  readonly #problems: Problem[] = []
  readonly #ends = new Map<string, QueueExtent>()
  #problemCount = 0
  #records = 0
  #damaged = false
  #check: IndexCheck | null = null
  /** Up to here the file of the segment that is walked knows the log. */
  #indexedTo = 0

  constructor(log: CommitLog, source: OwnParts | { readonly syncedTo: number }) {
    this.#log = log
    this.#own = 'state' in source ? source : null
    this.#syncedTo = 'state' in source ? source.state.writer().syncedTo : source.syncedTo
    this.#tombstones = 'state' in source ? new Tombstones(source.state) : null
    this.#catalog =
      'state' in source ? Catalog.open(source.files.catalogPath, source.files.storeId, 'read') : null
  }

  *run(): Generator<number, VerifyReport> {
    const logBegin = this.#log.minOffset
    let logEnd = logBegin
    try {
      for (const { base } of this.#log.segments) {
        if (base > logEnd) this.#missing(logEnd, base)
        const end = yield* this.#segment(base)
        if (end < base + this.#log.segmentSize) {
          logEnd = end
          break
        }
        logEnd = end
      }
      this.#checkEnd(logEnd)
      this.#checkState(logEnd)
    } finally {
      this.#catalog?.close()
    }
    return {
      ok: this.#problemCount === 0,
      segments: this.#log.segments.length,
      records: this.#records,
      queues: this.#ends.size,
      logBegin,
      logEnd,
      problems: this.#problems,
      problemCount: this.#problemCount,
    }
  }

  guarded(part: Problem['part'], act: () => void): void {
    try {
      act()
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      this.#tell(part, null, error.message)
    }
  }

  /** Walks one segment, with its index file beside it. @returns where its records end */
  *#segment(base: number): Generator<number, number> {
    const end = base + this.#log.segmentSize
    const index = this.#own?.files.open(base, 'read') ?? null
    this.#indexedTo = index?.indexedTo ?? base
    this.#check =
      index === null ? null : new IndexCheck(index, (message) => this.#tell('index', base, message))
    try {
      const walkedTo = yield* this.#walk(base, end)
      this.#check?.end()
      this.#checkCovered(base, index === null, walkedTo)
      return walkedTo
    } finally {
      index?.close()
    }
  }

  *#walk(base: number, end: number): Generator<number, number> {
    const walk = walkSteps(this.#log, base, this.#syncedTo, this.#visitor(), end)
    let walkedTo = base
    try {
      for (let step = walk.next(); ; step = walk.next()) {
        walkedTo = step.value
        if (step.done === true) return walkedTo
        yield walkedTo - this.#log.minOffset
      }
    } catch (error) {
      if (!(error instanceof MqError && error.code === 'MQ_STORE_FOREIGN')) throw error
      this.#tell('log', walkedTo, error.message)
      return walkedTo
    }
  }

  #visitor(): Parameters<typeof walkSteps>[3] {
    return {
      record: (source, at, _size, offset) => {
        this.#records++
        const record = dispatchedRecord(source, at, offset)
        if (record === null) return
        const known = offset < this.#indexedTo
        if (offset < (this.#tombstones?.of(record.topic) ?? 0)) {
          if (known) this.#check?.dead(offset)
          return
        }
        this.#place(record.topic, record.queueId, record.queueOffset, offset)
        if (known) this.#check?.record(record)
      },
      damage: ({ from, to, why }) => {
        this.#damaged = true
        this.#tell('log', from, `damaged up to ${to}: ${why}`)
      },
    }
  }

  /**
   * Queue offsets follow one another; behind damage some are missing, and RocketMQ's topics may be made anew.
   */
  #place(topic: string, queueId: number, queueOffset: number, offset: number): void {
    const name = `${topic}/${queueId}`
    const known = this.#ends.get(name)
    const madeAnew = this.#own === null && queueOffset === 0
    const leap = known !== undefined && queueOffset > known.endOffset && this.#damaged
    if (known !== undefined && queueOffset !== known.endOffset && !madeAnew && !leap) {
      this.#tell('log', offset, `${name}: offset ${queueOffset} follows ${known.endOffset - 1}`)
    }
    const minOffset = known === undefined || madeAnew ? queueOffset : known.minOffset
    this.#ends.set(name, { topic, queueId, minOffset, endOffset: queueOffset + 1 })
  }

  #missing(from: number, to: number): void {
    this.#damaged = true
    this.#tell('log', from, `no segment for [${from}, ${to})`)
  }

  #checkCovered(base: number, missing: boolean, walkedTo: number): void {
    if (this.#own === null || walkedTo === base) return
    const { indexedTo } = this.#own.state.writer()
    const due = Math.min(indexedTo, walkedTo)
    if (due <= base) return
    if (missing) return this.#tell('index', base, 'the file is missing, damaged, or of another store')
    if (this.#indexedTo < due) {
      this.#tell('index', base, `the file knows the log up to ${this.#indexedTo} only, ${due} was noted`)
    }
    if (!this.#own.files.bases().some((each) => each > base)) return
    if (this.#catalog === null) return this.#tell('index', base, 'catalog.db is missing or damaged')
    try {
      this.#checkCatalog(this.#catalog, base)
    } catch (error) {
      if (!isCorrupt(error)) throw error
      this.#tell('index', base, `catalog.db is damaged: ${(error as Error).message}`)
    }
  }

  /** Of a sealed segment the catalog tells what is in it. */
  #checkCatalog(catalog: Catalog, base: number): void {
    if (!catalog.basesBefore(base + 1).includes(base))
      return this.#tell('index', base, 'catalog.db does not know the segment')
    const wanted = new Map(
      (this.#check?.extents ?? []).map((each) => [`${each.topic}/${each.queueId}`, each]),
    )
    for (const part of catalog.partsOf(base)) {
      const name = `${part.topic}/${part.queueId}`
      const { minOffset, endOffset } = wanted.get(name) ?? { minOffset: -1, endOffset: -1 }
      wanted.delete(name)
      if (minOffset !== part.minOffset || endOffset !== part.endOffset) {
        this.#tell(
          'index',
          base,
          `catalog.db: ${name} [${part.minOffset}, ${part.endOffset}) is not in the log`,
        )
      }
    }
    for (const name of wanted.keys()) this.#tell('index', base, `catalog.db: ${name} is missing`)
    // whoever writes next makes one that is not there yet
    if (!catalog.unfilteredBefore(base + 1).includes(base)) this.#check?.filter(catalog.filterOf(base))
  }

  #checkEnd(logEnd: number): void {
    if (this.#own === null) return
    const row = this.#own.state.writer()
    const expected = row.clean && row.bootId === bootId() ? row.logEnd : row.syncedTo
    if (logEnd < expected) {
      this.#tell('log', logEnd, `the log ends here, ${expected} was written`)
    } else if (row.clean && this.#log.inspect(logEnd, 1024).seen.frame === 'message') {
      this.#tell('log', logEnd, 'the log goes on behind what pocketmq wrote')
    }
  }

  #checkState(logEnd: number): void {
    if (this.#own === null) return
    const { state } = this.#own
    const floors = new QueueFloors(state)
    const offsets = state.db.prepare('SELECT * FROM consumer_offset').all() as {
      topic: string
      group_name: string
      queue_id: number
      next_offset: number
    }[]
    for (const { topic, group_name: group, queue_id: queueId, next_offset: next } of offsets) {
      const end = this.#ends.get(`${topic}/${queueId}`)?.endOffset ?? floors.of(topic, queueId)
      if (next <= end) continue
      this.#tell('state', null, `group ${group} is at ${next} of ${topic}/${queueId}, which ends at ${end}`)
    }
    for (const [topic, offset] of this.#tombstones?.all() ?? []) {
      if (offset > logEnd) this.#tell('state', offset, `the tombstone of ${topic} lies behind the log's end`)
    }
  }

  #tell(part: Problem['part'], offset: number | null, message: string): void {
    this.#problemCount++
    if (this.#problems.length < problemsMax) this.#problems.push({ part, offset, message })
  }
}
