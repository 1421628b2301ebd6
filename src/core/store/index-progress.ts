import type { KeyRuns } from './key-index.ts'
import { rowChecksum } from './row-checksum.ts'
import { corrupt, type Database, type Statement } from './sqlite.ts'

export const progressSchema = `
CREATE TABLE progress(id INTEGER PRIMARY KEY CHECK (id = 1), store_id TEXT NOT NULL, indexed_to INTEGER NOT NULL,
  last_store_time INTEGER NOT NULL, keys INTEGER NOT NULL, open_keys INTEGER NOT NULL, open_runs INTEGER NOT NULL,
  last_run INTEGER NOT NULL, checksum INTEGER NOT NULL);
`

/** What an index file says of itself. */
export interface Progress {
  readonly storeId: string
  /** Log offset up to which records are in the file. */
  readonly indexedTo: number
  /** Store time of the last record, epoch ms; 0: none. */
  readonly lastStoreTime: number
  readonly keys: KeyRuns
}

type Values = [string, number, number, number, number, number, number]
type Row = [...Values, checksum: number, id: number]

/** The one row that every transaction on an index file ends with. */
export class IndexProgress {
  readonly #select: Statement<[], Row>
  readonly #replace: Statement<[...Values, number]>
  /** What was read last: a turn asks some times. */
  #known: { readonly row: Row; readonly progress: Progress } | null = null

  constructor(db: Database) {
    this.#select = db.prepare(
      `SELECT store_id, indexed_to, last_store_time, keys, open_keys, open_runs, last_run, checksum, id
       FROM progress`,
    )
    this.#select.raw()
    this.#replace = db.prepare('INSERT OR REPLACE INTO progress VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)')
  }

  read(): Progress {
    const row = this.#select.get()
    if (row === undefined) throw corrupt('no progress')
    if (this.#known?.row.every((value, i) => value === row[i]) === true) return this.#known.progress
    const [storeId, indexedTo, lastStoreTime, total, openKeys, openRuns, lastRun, checksum, id] = row
    const keys = { total, openKeys, openRuns, lastRun }
    const progress = { storeId, indexedTo, lastStoreTime, keys }
    if (rowChecksum(...valuesOf(progress)) !== checksum || id !== 1) throw corrupt('a progress that is none')
    this.#known = { row, progress }
    return progress
  }

  save(progress: Progress): void {
    const values = valuesOf(progress)
    this.#replace.run(...values, rowChecksum(...values))
  }
}

function valuesOf({ storeId, indexedTo, lastStoreTime, keys }: Progress): Values {
  const { total, openKeys, openRuns, lastRun } = keys
  return [storeId, indexedTo, lastStoreTime, total, openKeys, openRuns, lastRun]
}
