import { lockBatch, lockedQueues } from '../bodies/lock-batch.ts'
import { request } from '../schema.ts'
import { rpcHeader } from './traits.ts'

export const lockRequests = {
  LOCK_BATCH_MQ: request({
    code: 41,
    to: 'broker',
    impact: 'rw',
    about: 'Lock queues for a client of a group, for 60 s: ordered consumers ask every 20 s.',
    header: rpcHeader,
    body: lockBatch,
    reply: { body: lockedQueues },
  }),
  UNLOCK_BATCH_MQ: request({
    code: 42,
    to: 'broker',
    impact: 'rw',
    about: 'Give queues up that a client has locked.',
    header: rpcHeader,
    body: lockBatch,
    reply: {},
  }),
}
