import { join } from 'node:path'
import { MqError } from '../errors.ts'
import { openDatabase, isBusy, sleepSync, type Database } from './sqlite.ts'

/**
 * Processes that wait in order behind the gate; whoever comes later waits for a place at the end. More than
 * wait at once where eight send: one that moves up holds two.
 */
const places = 8

/** How often who waits looks: whoever is next often, since nobody writes meanwhile. */
const [nextPollMs, pollMs] = [0.25, 1]

/**
 * The writer's lock of a folder: two SQLite files, `gate` and `main`. Take gate, take main, drop gate. Who
 * waits for `main` holds `gate`, so a greedy writer that has just let go cannot jump the queue (measured:
 * p90 5 ms beside a greedy sender; one file alone starves waiters for seconds). Where several wait, they do
 * so in a line: each holds one of the files `gate.1`, `gate.2`, … and moves up as the one before does.
 * Without it who is next is chance, and one in a hundred waits five times as long (bench/lock.ts). SQLite's
 * locks are the kernel's: a killed process holds nothing. Nothing is ever committed to these files; release
 * is ROLLBACK.
 */
export class StoreLock {
  readonly #gate: Database
  readonly #main: Database
  readonly #folder: string
  /** The line, its end first; opened when there is one. */
  #line: readonly Database[] | null = null
  #held = false

  /** @param folder `<store>/pocketmq`, which exists */
  constructor(folder: string) {
    this.#folder = folder
    this.#gate = openLock(join(folder, 'gate'))
    this.#main = openLock(join(folder, 'main'))
  }

  get held(): boolean {
    return this.#held
  }

  /** Blocks up to `timeoutMs`. @throws MQ_STORE_IN_USE */
  acquire(timeoutMs: number): void {
    const deadline = Date.now() + timeoutMs
    if (!this.#tryGate()) this.#queueUp(deadline)
    try {
      this.#take(this.#main, deadline, nextPollMs)
    } finally {
      this.#gate.exec('ROLLBACK')
    }
    this.#held = true
  }

  /** False where someone is there, or in the line and about to move up. */
  #tryGate(): boolean {
    if (!tryTake(this.#gate)) return false
    if (!this.#isLinedUp) return true
    this.#gate.exec('ROLLBACK')
    return false
  }

  /** Moves through the line up to the gate: takes the next place, then gives up its own. */
  #queueUp(deadline: number): void {
    this.#line ??= Array.from({ length: places }, (_, i) =>
      openLock(join(this.#folder, `gate.${places - i}`)),
    )
    let own: Database | null = null
    try {
      for (const next of [...this.#line, this.#gate]) {
        this.#take(next, deadline, pollMs)
        own?.exec('ROLLBACK')
        own = next === this.#gate ? null : next
      }
    } finally {
      own?.exec('ROLLBACK')
    }
  }

  /** While it is held: someone waits for it. Who is first in the line may be on the way to the gate. */
  get awaited(): boolean {
    return !isFree(this.#gate) || this.#isLinedUp
  }

  get #isLinedUp(): boolean {
    return this.#line?.findLast((place) => !isFree(place)) !== undefined
  }

  release(): void {
    if (!this.#held) return
    this.#held = false
    this.#main.exec('ROLLBACK')
  }

  close(): void {
    this.release()
    for (const file of [this.#gate, this.#main, ...(this.#line ?? [])]) file.close()
    this.#line = null
  }

  #take(file: Database, deadline: number, everyMs: number): void {
    while (!tryTake(file)) {
      if (Date.now() >= deadline)
        throw new MqError('MQ_STORE_IN_USE', `another process is writing to ${this.#folder}`)
      sleepSync(everyMs)
    }
  }
}

function openLock(path: string): Database {
  // timeout 0: how long and how fairly to wait is decided here
  return openDatabase(path, 'create', 0)
}

function isFree(file: Database): boolean {
  if (!tryTake(file)) return false
  file.exec('ROLLBACK')
  return true
}

function tryTake(file: Database): boolean {
  // a refusal is the usual answer, asked for a thousand times a second: its stack would cost more than asking
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    file.exec('BEGIN IMMEDIATE')
    return true
  } catch (error) {
    if (isBusy(error)) return false
    throw error
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
