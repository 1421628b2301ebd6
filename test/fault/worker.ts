/**
 * A process that is killed: `worker.ts ROLE FOLDER ID SEED`. What it does it tells on stdout, one line each,
 * written
 * before it goes on: `ready`, `s <text>` before a send, `a <queue> <offset> <text>` when it was acknowledged,
 * `c <queue> <offset>` when a consumer has committed, `w <µs>` for each wait for the lock.
 */
import { writeSync } from 'node:fs'
import { nodeFileSystem } from '../../src/core/store/file-system.ts'
import { Random } from './random.ts'
import { openStore, readQueue, request } from './workload.ts'

const [role, folder, id, seed] = process.argv.slice(2) as [string, string, string, string]
const random = new Random(Number(seed))
const queueCount = 4

function tell(lines: string): void {
  const bytes = Buffer.from(lines)
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(1, bytes, done)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

/** Sends batches of about 4 ms, each synced, and lets the folder go in between; or holds it, as a server. */
function sendBatches(writer: 'turn' | 'hold', flush: 'sync' | 'async'): void {
  const store = openStore(nodeFileSystem, folder, {
    writer,
    flush,
    segmentSize: 4 * 1024 * 1024,
    lockTimeoutMs: 60_000,
  })
  tell('ready\n')
  let sent = 0
  const batch = (): void => {
    const asked = process.hrtime.bigint()
    let granted: bigint | null = null
    do {
      const text = `${id}-${sent++}`
      const queueId = random.below(queueCount)
      const size = random.chance(0.02) ? random.between(4096, 65_536) : random.between(64, 1024)
      tell(`s ${text}\n`)
      store.append(request('t', queueId, text, size), (error, result) => {
        if (error === null) tell(`a ${queueId} ${result!.queueOffset} ${text}\n`)
        else tell(`e ${error.message}\n`)
      })
      granted ??= process.hrtime.bigint()
    } while (process.hrtime.bigint() < granted + 4_000_000n)
    tell(`w ${(granted - asked) / 1000n}\n`)
    store.commit()
    setImmediate(batch)
  }
  if (writer === 'hold') setInterval(() => store.syncLater(), 20)
  batch()
}

/** Reads each queue from the offset committed last, commits after it has told. */
function consume(): void {
  const store = openStore(nodeFileSystem, folder, { segmentSize: 4 * 1024 * 1024 })
  const select = store.state.db.prepare<[number], { next_offset: number }>(
    `SELECT next_offset FROM consumer_offset WHERE topic = 't' AND group_name = 'g' AND queue_id = ?`,
  )
  const upsert = store.state.db.prepare<[number, number]>(
    `INSERT INTO consumer_offset VALUES ('t', 'g', ?, ?)
     ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset`,
  )
  tell('ready\n')
  const poll = (): void => {
    store.refresh()
    for (let queueId = 0; queueId < queueCount; queueId++) {
      const from = select.get(queueId)?.next_offset ?? 0
      const entries = store.entries('t', queueId, from, 64)
      if (entries.length === 0) continue
      const records = store.records('t', queueId, entries)
      if (records.some((record) => record === null)) tell(`e a hole in queue ${queueId} behind ${from}\n`)
      const next = entries.at(-1)!.queueOffset + 1
      if (next - from !== entries.length) tell(`e ${entries.length} messages from ${from} to ${next}\n`)
      store.state.quickly(() => upsert.run(queueId, next))
      tell(`c ${queueId} ${next}\n`)
    }
    setTimeout(poll, 2)
  }
  poll()
}

/** Opens, says what is there, goes: what the next command does after a kill. */
function look(): void {
  const store = openStore(nodeFileSystem, folder, { writer: 'hold', segmentSize: 4 * 1024 * 1024 })
  for (let queueId = 0; queueId < queueCount; queueId++) {
    const { min, end, texts } = readQueue(store, 't', queueId)
    for (let offset = min; offset < end; offset++) tell(`q ${queueId} ${offset} ${texts.get(offset) ?? ''}\n`)
  }
  store.close()
}

if (role === 'consume') consume()
else if (role === 'look') look()
else sendBatches(role === 'turn' ? 'turn' : 'hold', role === 'hold-sync' ? 'sync' : 'async')
