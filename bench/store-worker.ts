/**
 * One part of bench/store.ts in a process of its own: `store-worker PART FOLDER [COUNT] [SEGMENT_SIZE]`.
 * Tells what it did as one line of JSON.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, type Clock } from '../src/core/lib/clock.ts'
import { crc32 } from '../src/core/lib/crc32.ts'
import { parseHost } from '../src/core/model/host.ts'
import { UniqueKeys } from '../src/core/model/ids.ts'
import { readRecord } from '../src/core/model/record.ts'
import type { AppendRequest } from '../src/core/store/append-batch.ts'
import { runToEnd } from '../src/core/store/log-walk.ts'
import { nodeFileSystem } from '../src/core/store/file-system.ts'
import { Store } from '../src/core/store/store.ts'

const [part, folder, countText = '0', sizeText] = process.argv.slice(2) as [string, string, string?, string?]
const count = Number(countText)
const segmentSize = sizeText === undefined ? {} : { segmentSize: Number(sizeText) }

/** A pipe delivers some thousand lines a turn of the event loop. */
const turnSize = 4096
const queueCount = 4
const hourMs = 3_600_000
/** The key that every folder has once. */
const wantedKey = 'wanted'
const body = Buffer.alloc(128, 'x')
const host = parseHost('127.0.0.1:9876')
const uniqueKeys = new UniqueKeys()

function request(queueId: number, key: string, bornTimestamp: number): AppendRequest {
  return {
    topic: 'bench',
    queueId,
    flag: 0,
    sysFlag: 0,
    bornTimestamp,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body,
    properties: `UNIQ_KEY\u0001${uniqueKeys.next()}\u0002KEYS\u0001${key}\u0002WAIT\u0001true\u0002`,
  }
}

function open(writer: 'turn' | 'hold', clock: Clock = systemClock): Store {
  return new Store({ folder, fs: nodeFileSystem, clock, writer, lockTimeoutMs: 60_000, ...segmentSize })
}

interface Usage {
  readonly count: number
  /** Of the log. */
  readonly bytes: number
  readonly seconds: number
  readonly cpuSeconds: number
  /** Of the process up to now, MB. */
  readonly peakMemory: number
}

async function measured(act: () => Promise<{ count: number; bytes: number }>): Promise<Usage> {
  const [started, cpu] = [performance.now(), process.cpuUsage()]
  const done = await act()
  const { user, system } = process.cpuUsage(cpu)
  const peakMemory = Math.round(process.resourceUsage().maxRSS / 1024)
  const seconds = (performance.now() - started) / 1000
  return { ...done, seconds, cpuSeconds: (user + system) / 1e6, peakMemory }
}

async function send(
  clock: Clock,
  keyOf: (i: number) => string,
  pace?: (sent: number) => void,
): Promise<number> {
  const store = open('turn', clock)
  let acknowledged = 0
  for (let sent = 0; sent < count;) {
    pace?.(sent)
    for (const end = Math.min(count, sent + turnSize); sent < end; sent++) {
      store.append(request(sent % queueCount, keyOf(sent), clock.now()), (error) => {
        if (error !== null) throw error
        acknowledged++
      })
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  store.close()
  if (acknowledged !== count) throw new Error(`${acknowledged} of ${count} acknowledged`)
  return store.commitLogMaxOffset - store.commitLogMinOffset
}

const parts: Readonly<Record<string, () => Promise<unknown>>> = {
  /** What the machine gives right now: as many records of that size, checksummed, copied, written, synced. */
  baseline: () =>
    measured(() => {
      const size = 400
      const [record, staged] = [Buffer.alloc(size, 'x'), Buffer.alloc(turnSize * size)]
      const file = openSync(join(folder, 'baseline'), 'w')
      for (let sent = 0; sent < count; sent += turnSize) {
        for (let i = 0; i < turnSize; i++) {
          record.writeInt32BE(sent + i)
          staged.set(record, i * size)
          staged.writeUInt32BE(crc32(record), i * size)
        }
        writeSync(file, staged)
        fdatasyncSync(file)
      }
      closeSync(file)
      return Promise.resolve({ count, bytes: count * size })
    }),

  append: () =>
    measured(async () => {
      const bytes = await send(systemClock, (i) => `key${i}`)
      return { count, bytes }
    }),

  /** As of the last 72 hours, with random keys: a look-up finds neither order nor time in them. */
  fill: () =>
    measured(async () => {
      const begin = Date.now() - 71 * hourMs
      let now = begin
      const wantedAt = Math.floor(count / 3)
      const bytes = await send(
        { now: () => now },
        (i) => (i === wantedAt ? wantedKey : randomBytes(8).toString('hex')),
        (sent) => (now = begin + Math.floor((71 * hourMs * sent) / count)),
      )
      return { count, bytes }
    }),

  read: () =>
    measured(() => {
      const store = open('turn')
      let read = 0
      for (let queueId = 0; queueId < queueCount; queueId++) {
        for (let from = 0; ;) {
          const entries = store.entries('bench', queueId, from, turnSize)
          if (entries.length === 0) break
          for (const record of store.records('bench', queueId, entries)) if (record !== null) read++
          from += entries.length
        }
      }
      const bytes = store.commitLogMaxOffset - store.commitLogMinOffset
      store.close()
      if (read !== count) throw new Error(`${read} of ${count} read`)
      return Promise.resolve({ count, bytes })
    }),

  rebuild: () =>
    measured(() => {
      const store = open('turn')
      const bytes = store.commitLogMaxOffset - store.commitLogMinOffset
      runToEnd(store.rebuild())
      store.close()
      return Promise.resolve({ count, bytes })
    }),

  /** One message by its key, without a time range. */
  find: () => {
    const store = open('turn')
    const found = store.find('bench', wantedKey).map((offset) => readRecord(store.record(offset)!, 0))
    store.close()
    if (found.length !== 1) throw new Error(`${found.length} found`)
    const { user, system } = process.cpuUsage()
    return Promise.resolve({ cpuMs: (user + system) / 1000 })
  },

  /** Sends until it is killed. */
  'send-turn': () => sendForEver('turn'),
  'send-hold': () => sendForEver('hold'),

  /** What the next one to open the folder has to do before it may write. */
  restart: () =>
    measured(() => {
      const store = open('hold')
      const bytes = store.commitLogMaxOffset - store.commitLogMinOffset
      store.append(request(0, 'after', Date.now()), () => undefined)
      store.commit()
      store.close()
      return Promise.resolve({ count: 1, bytes })
    }),

  lock: waitForLock,
}

async function sendForEver(writer: 'turn' | 'hold'): Promise<never> {
  const store = open(writer)
  if (writer === 'hold') setInterval(() => store.syncLater(), 500)
  for (let sent = 0; ;) {
    for (let i = 0; i < turnSize; i++, sent++)
      store.append(request(sent % queueCount, `key${sent}`, Date.now()), (error) => {
        if (error !== null) throw error
      })
    await new Promise((resolve) => setImmediate(resolve))
    if (sent === turnSize) process.stdout.write('sending\n')
  }
}

/**
 * Sends for `count` ms what a pipe would bring, and tells how long it waited for its turns, in ms, how many
 * others had theirs meanwhile, and how many messages it has sent.
 */
async function waitForLock(): Promise<{ waits: number[]; turnsOfOthers: number[]; sent: number }> {
  const store = open('turn')
  const [waits, turnsOfOthers]: [number[], number[]] = [[], []]
  let sent = 0
  let ended = 0
  let turns = 0
  let ownEpoch = 0
  for (const end = performance.now() + count; performance.now() < end;) {
    for (let i = 0; i < turnSize; i++) {
      const begins = turns === ended
      const asked = begins ? performance.now() : 0
      store.append(request(sent++ % queueCount, `key${sent}`, 0), (error) => {
        if (error !== null) throw error
        // the first of a batch to be acknowledged ends its turn
        ended = turns
      })
      if (!begins || turns !== ended) continue
      waits.push(performance.now() - asked)
      const { epoch } = store.state.writer()
      if (turns > 0) turnsOfOthers.push(epoch - ownEpoch - 1)
      ownEpoch = epoch
      turns++
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  store.close()
  return { waits, turnsOfOthers, sent }
}

const report = await parts[part]!()
process.stdout.write(`${JSON.stringify(report)}\n`)
