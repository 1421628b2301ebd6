import type { Store } from './store.ts'

/** What a broker asks of a store, its own or a foreign one that only reads. */
export type MessageStore = Pick<
  Store,
  | 'state'
  | 'brokerName'
  | 'clusterName'
  | 'onDispatched'
  | 'refresh'
  | 'commitLogMinOffset'
  | 'commitLogMaxOffset'
  | 'diskUsage'
  | 'extent'
  | 'entries'
  | 'find'
  | 'record'
  | 'records'
  | 'append'
  | 'appendBatch'
  | 'commit'
  | 'exclusively'
  | 'whenSynced'
  | 'nextDueAt'
  | 'settleDue'
  | 'neededFrom'
  | 'syncLater'
  | 'close'
>
