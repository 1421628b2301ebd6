import { systemClock, type Clock } from '../lib/clock.ts'
import { MqError } from '../errors.ts'
import { nodeFileSystem, type FileSystem } from '../store/file-system.ts'
import { foreignRefusal, isForeign } from '../store/foreign-log.ts'
import { keepsAll } from '../store/retention.ts'
import { segmentBase } from '../store/segment.ts'
import { Store } from '../store/store.ts'
import { storeExists } from '../store/store-folder.ts'
import { join } from 'node:path'
import { dumpLog, type DumpRange, type LogEntry } from './maintenance/dump.ts'
import { exportStore, type ExportReport } from './maintenance/export.ts'
import { importStore, type ImportReport } from './maintenance/import.ts'
import { runSteps, type Watch } from './maintenance/steps.ts'
import { verifyForeign, verifyOwn, type VerifyReport } from './maintenance/verify.ts'

export interface MaintenanceOptions extends Watch {
  readonly folder: string
  readonly fs?: FileSystem
  readonly clock?: Clock
  /** How long to wait for another writer; default 5000. */
  readonly lockTimeoutMs?: number
}

export interface RebuildReport {
  readonly segments: number
  readonly queues: number
  /** Of the log. */
  readonly bytes: number
}

/**
 * What has no meaning but on a folder. @throws MQ_STORE_NOT_FOUND, MQ_STORE_IN_USE, MQ_INTERRUPTED and as
 * each says
 */
export class Maintenance {
  readonly #options: MaintenanceOptions
  readonly #fs: FileSystem
  readonly #clock: Clock
  readonly #lockTimeoutMs: number

  constructor(options: MaintenanceOptions) {
    const { fs = nodeFileSystem, clock = systemClock, lockTimeoutMs = 5000 } = options
    this.#options = options
    this.#fs = fs
    this.#clock = clock
    this.#lockTimeoutMs = lockTimeoutMs
  }

  /** Looks at everything and changes nothing. Of a RocketMQ broker's folder: log and config. */
  async verify(): Promise<VerifyReport> {
    const { folder } = this.#options
    const foreign = this.#isForeign()
    const steps = foreign ? verifyForeign(this.#fs, folder) : verifyOwn(this.#fs, folder, this.#lockTimeoutMs)
    return this.#run(steps)
  }

  /** Makes all indexes again from the log. @throws MQ_STORE_FOREIGN */
  async rebuild(): Promise<RebuildReport> {
    const store = this.#openOwn()
    try {
      await this.#run(fromBegin(store))
      const { commitLogMinOffset: begin, commitLogMaxOffset: end, segmentSize } = store
      const segments = Math.ceil((end - begin) / segmentSize)
      return { segments, queues: store.extents().length, bytes: end - begin }
    } finally {
      store.close()
    }
  }

  /** Entries of the log in its order. */
  dump(range: DumpRange): AsyncGenerator<LogEntry> {
    this.#isForeign()
    return dumpLog(this.#fs, this.#options.folder, range, this.#options.signal)
  }

  /** Writes a folder that a RocketMQ broker starts on. @throws MQ_STORE_FOREIGN, MQ_FAILED */
  async export(to: string): Promise<ExportReport> {
    const { folder } = this.#options
    this.#refuseForeign('it is a RocketMQ folder already: copy it')
    return this.#run(exportStore(this.#fs, this.#clock, folder, to, this.#lockTimeoutMs))
  }

  /**
   * Takes the folder of a RocketMQ broker over. @throws MQ_STORE_CORRUPT, MQ_FAILED when it is ours already
   */
  async import(): Promise<ImportReport> {
    const { folder } = this.#options
    if (!this.#isForeign()) {
      throw new MqError('MQ_FAILED', `${folder} is a store of pocketmq already`, {
        hint: 'there is nothing to import: use it as it is',
      })
    }
    return this.#run(importStore(this.#fs, folder))
  }

  #run<T>(steps: Generator<number, T>): Promise<T> {
    return runSteps(steps, this.#logBytes(), this.#options)
  }

  #openOwn(): Store {
    this.#refuseForeign('its index is made by itself')
    const { folder } = this.#options
    const lockTimeoutMs = this.#lockTimeoutMs
    // who looks after a folder removes nothing from it, whatever its age
    const parts = { fs: this.#fs, clock: this.#clock, lockTimeoutMs, retention: keepsAll }
    return new Store({ folder, writer: 'turn', ...parts })
  }

  #refuseForeign(hint: string): void {
    if (!this.#isForeign()) return
    throw new MqError('MQ_STORE_FOREIGN', foreignRefusal(this.#options.folder).message, { hint })
  }

  #isForeign(): boolean {
    const { folder } = this.#options
    const foreign = isForeign(this.#fs, folder)
    if (!foreign && !storeExists(this.#fs, folder)) {
      throw new MqError('MQ_STORE_NOT_FOUND', `there is no store in ${folder}`)
    }
    return foreign
  }

  /** About: files ahead of the log's end count as well. */
  #logBytes(): number {
    const folder = join(this.#options.folder, 'commitlog')
    const names = this.#fs.list(folder).filter((name) => segmentBase(name) !== null)
    return names.length === 0 ? 0 : names.length * (this.#fs.fileSize(join(folder, names[0]!)) ?? 0)
  }
}

function* fromBegin(store: Store): Generator<number, void> {
  const begin = store.commitLogMinOffset
  for (const offset of store.rebuild()) yield offset - begin
}
