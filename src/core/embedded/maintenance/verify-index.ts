import type { IndexDb, QueueExtent } from '../../store/index-db.ts'
import { IndexTail, type DispatchedRecord, type QueueRows } from '../../store/index-rows.ts'
import { isFilterOf } from '../../store/key-filter.ts'
import { isCorrupt } from '../../store/sqlite.ts'

/** Records compared at a time. */
const chunk = 65_536

/** One segment's index file against what a walk of that segment gives. */
export class IndexCheck {
  readonly #index: IndexDb
  readonly #tell: (message: string) => void
  readonly #tail = new IndexTail()
  readonly #expected = new Map<string, { extent: QueueExtent; rows: number }>()
  readonly #wanted = new KeyDigest()
  /** Records of deleted topics: files made before that hold their keys, files made later do not. */
  readonly #dead = new Set<number>()
  readonly #wrongQueues = new Set<string>()

  constructor(index: IndexDb, tell: (message: string) => void) {
    this.#index = index
    this.#tell = tell
  }

  /** What the log has for each queue. */
  get extents(): QueueExtent[] {
    return [...this.#expected.values()].map(({ extent }) => extent)
  }

  record(record: DispatchedRecord): void {
    this.#tail.add(record)
    for (const hash of record.keyHashes) this.#wanted.add(hash, record.physicalOffset)
    if (this.#tail.count >= chunk) this.#compare()
  }

  dead(physicalOffset: number): void {
    this.#dead.add(physicalOffset)
  }

  /** Behind the last record. */
  end(): void {
    this.#guarded(() => {
      this.#compare()
      for (const { extent, rows } of this.#expected.values()) this.#checkQueue(extent, rows)
      this.#checkKeys()
      // by name SQLite takes a queue's topic from the index of names: in the table it may be another one
      this.#index.extents()
    })
  }

  /** @param parts what the catalog has to rule keys out */
  filter(parts: readonly Buffer[]): void {
    this.#guarded(() => {
      if (!isFilterOf(parts, this.#index.keys)) this.#tell('catalog.db: the filter of keys lacks some')
    })
  }

  #compare(): void {
    for (const [topic, queueId, stretches] of this.#tail.queues()) {
      for (const rows of stretches) {
        this.#note(topic, queueId, rows)
        this.#guarded(() => this.#compareRows(topic, queueId, rows))
      }
    }
    this.#tail.clear()
  }

  #note(topic: string, queueId: number, { firstOffset, endOffset, count }: QueueRows): void {
    const name = `${topic}/${queueId}`
    const known = this.#expected.get(name)
    const minOffset = known?.extent.minOffset ?? firstOffset
    this.#expected.set(name, {
      extent: { topic, queueId, minOffset, endOffset },
      rows: (known?.rows ?? 0) + count,
    })
  }

  #compareRows(topic: string, queueId: number, rows: QueueRows): void {
    const entries = this.#index.range(topic, queueId, rows.firstOffset, rows.count)
    for (let i = 0; i < rows.count; i++) {
      const entry = entries[i]
      const same =
        entry?.queueOffset === rows.firstOffset + i &&
        entry.physicalOffset === rows.physicalOffsets[i] &&
        entry.size === rows.sizes[i] &&
        entry.tagsCode === rows.tagsCodes[i]
      if (same) continue
      const has = entry === undefined ? 'nothing' : `offset ${entry.queueOffset} at ${entry.physicalOffset}`
      const place = `${topic}/${queueId} offset ${rows.firstOffset + i}`
      return this.#wrong(
        topic,
        queueId,
        `${place}: the log has it at ${rows.physicalOffsets[i]}, the index ${has}`,
      )
    }
  }

  #checkQueue(extent: QueueExtent, rows: number): void {
    const { topic, queueId, minOffset, endOffset } = extent
    const held = this.#index.extent(topic, queueId)
    const has = this.#index.rowsOf(topic, queueId)
    const same = held?.minOffset === minOffset && held.endOffset === endOffset && has === rows
    if (same) return
    const range = held === null ? 'nothing' : `${has} rows of [${held.minOffset}, ${held.endOffset})`
    this.#wrong(
      topic,
      queueId,
      `${topic}/${queueId}: the log has ${rows} messages of [${minOffset}, ${endOffset}), the index ${range}`,
    )
  }

  #checkKeys(): void {
    const held = new KeyDigest()
    this.#index.keys.forEach((hash, offset) => {
      if (!this.#dead.has(offset)) held.add(hash, offset)
    })
    if (held.equals(this.#wanted)) return
    this.#tell(`keys: the log has ${this.#wanted.count}, the index ${held.count}, and they are not the same`)
  }

  /** One message a queue: what follows from the first difference is no news. */
  #wrong(topic: string, queueId: number, message: string): void {
    const name = `${topic}/${queueId}`
    if (this.#wrongQueues.has(name)) return
    this.#wrongQueues.add(name)
    this.#tell(message)
  }

  #guarded(act: () => void): void {
    try {
      act()
    } catch (error) {
      if (!isCorrupt(error)) throw error
      this.#wrong('', -1, `the file is damaged: ${(error as Error).message}`)
    }
  }
}

/** Tells two sets of keys apart without holding them: sums do not depend on the order. */
class KeyDigest {
  count = 0
  #sum = 0
  #xor = 0

  add(hash: number, physicalOffset: number): void {
    const offset = Math.imul(physicalOffset, 0x9e3779b1) ^ Math.floor(physicalOffset / 0x1_0000_0000)
    const mixed = Math.imul((hash | 0) ^ offset ^ Math.floor(hash / 0x1_0000_0000), 0x85ebca6b)
    this.#sum = (this.#sum + mixed) | 0
    this.#xor ^= Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35)
    this.count++
  }

  equals(other: KeyDigest): boolean {
    return this.count === other.count && this.#sum === other.#sum && this.#xor === other.#xor
  }
}
