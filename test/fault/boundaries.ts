import BetterSqlite3 from 'better-sqlite3'

/** Called before SQLite changes a file outside of a transaction, or begins one. */
let hook: (() => void) | null = null

/** Runs `act`, and `onBoundary` at each place between two changes that SQLite makes. */
export function betweenSqliteWrites<T>(onBoundary: () => void, act: () => T): T {
  hook = () => {
    const own = hook
    hook = null
    try {
      onBoundary()
    } finally {
      hook = own
    }
  }
  try {
    return act()
  } finally {
    hook = null
  }
}

const database = BetterSqlite3.prototype as unknown as {
  transaction: (this: BetterSqlite3.Database, act: (...values: unknown[]) => unknown) => Transaction
}
interface Transaction {
  (...values: unknown[]): unknown
  immediate: (...values: unknown[]) => unknown
}
const begin = database.transaction
database.transaction = function (act) {
  const transaction = begin.call(this, act)
  const { immediate } = transaction
  return Object.assign((...values: unknown[]) => transaction(...values), {
    immediate(...values: unknown[]) {
      hook?.()
      return immediate(...values)
    },
  })
}

const memory = new BetterSqlite3(':memory:')
const statement = Object.getPrototypeOf(memory.prepare('SELECT 1')) as {
  run: (this: BetterSqlite3.Statement, ...values: unknown[]) => unknown
}
memory.close()
const { run } = statement
statement.run = function (...values) {
  // one that only begins to read changes nothing
  if (!this.database.inTransaction && this.source !== 'BEGIN') hook?.()
  return run.apply(this, values)
}
