/**
 * The store alone, in one process: append with index, read in order, full rebuild. `npm run bench:store
 * [messages]`. 128-byte bodies, a unique key and one key each, four queues; the index is complete when the
 * clock stops.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/core/lib/clock.ts'
import { parseHost } from '../src/core/model/host.ts'
import { UniqueKeys } from '../src/core/model/ids.ts'
import { runToEnd } from '../src/core/store/log-walk.ts'
import { nodeFileSystem } from '../src/core/store/file-system.ts'
import { Store } from '../src/core/store/store.ts'

const messages = Number(process.argv[2] ?? 1_000_000)
const body = Buffer.alloc(128, 'x')
const host = parseHost('127.0.0.1:9876')

function report(what: string, count: number, startedAt: number): void {
  const seconds = (performance.now() - startedAt) / 1000
  const rss = Math.round(process.memoryUsage().rss / 1024 / 1024)
  console.log(`${what}: ${Math.round(count / seconds)}/s, ${seconds.toFixed(2)} s, ${rss} MB resident`)
}

const folder = mkdtempSync(join(tmpdir(), 'pocketmq-bench-'))
try {
  const store = new Store({ folder, fs: nodeFileSystem, clock: systemClock, writer: 'turn' })
  const keys = new UniqueKeys()
  const started = performance.now()
  let acknowledged = 0
  for (let sent = 0; sent < messages;) {
    // a pipe delivers some thousand lines a turn of the event loop
    for (let i = 0; i < 4096 && sent < messages; i++, sent++) {
      store.append(
        {
          topic: 'bench',
          queueId: sent & 3,
          flag: 0,
          sysFlag: 0,
          bornTimestamp: 1_700_000_000_000,
          bornHost: host,
          storeHost: host,
          reconsumeTimes: 0,
          preparedTransactionOffset: 0,
          body,
          properties: `UNIQ_KEY\u0001${keys.next()}\u0002KEYS\u0001key${sent}\u0002WAIT\u0001true\u0002`,
        },
        (error) => {
          if (error !== null) throw error
          acknowledged++
        },
      )
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  store.close()
  if (acknowledged !== messages) throw new Error(`${acknowledged} of ${messages} acknowledged`)
  report('append and index', messages, started)

  const reader = new Store({ folder, fs: nodeFileSystem, clock: systemClock, writer: 'turn' })
  const readStarted = performance.now()
  let read = 0
  for (let queueId = 0; queueId < 4; queueId++) {
    for (let from = 0; ;) {
      const entries = reader.entries('bench', queueId, from, 4096)
      if (entries.length === 0) break
      for (const record of reader.records('bench', queueId, entries)) if (record !== null) read++
      from += entries.length
    }
  }
  if (read !== messages) throw new Error(`${read} of ${messages} read`)
  report('read in order', messages, readStarted)
  const logSize = reader.commitLogMaxOffset - reader.commitLogMinOffset
  const rebuildStarted = performance.now()
  runToEnd(reader.rebuild())
  report('rebuild', messages, rebuildStarted)
  const perGib = ((performance.now() - rebuildStarted) / 1000 / logSize) * 1024 ** 3
  console.log(`rebuild of 1 GiB at that rate: ${perGib.toFixed(1)} s`)
  reader.close()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
