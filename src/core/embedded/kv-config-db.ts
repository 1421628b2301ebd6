import type { KvConfig } from '../namesrv/handlers.ts'
import type { StateDb } from '../store/state-db.ts'

/** The name server's KV configuration in a folder's state.db. */
export function kvConfigDb(state: StateDb): KvConfig {
  const select = state.db.prepare<[string, string], { value: string }>(
    'SELECT value FROM kv_config WHERE namespace = ? AND key = ?',
  )
  const selectAll = state.db.prepare<[string], { key: string; value: string }>(
    'SELECT key, value FROM kv_config WHERE namespace = ?',
  )
  const upsert = state.db.prepare<[string, string, string]>(
    'INSERT INTO kv_config VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  )
  const remove = state.db.prepare<[string, string]>('DELETE FROM kv_config WHERE namespace = ? AND key = ?')
  return {
    get: (namespace, key) => select.get(namespace, key)?.value ?? null,
    remove: (namespace, key) => void state.durably(() => remove.run(namespace, key)),
    put: (namespace, key, value) => void state.durably(() => upsert.run(namespace, key, value)),
    list: (namespace) => {
      const rows = selectAll.all(namespace)
      return rows.length === 0 ? null : Object.fromEntries(rows.map(({ key, value }) => [key, value]))
    },
  }
}
