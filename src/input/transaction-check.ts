import { setTimeout as pause } from 'node:timers/promises'
import { MqError } from '../core/errors.ts'
import type { OpenTransaction, TransactionAdmin } from '../core/client/transaction-admin.ts'
import type { Ended } from '../output/transaction-view.ts'
import { Property } from '../core/model/properties.ts'
import { runCommandFor } from './job-queue.ts'

export interface CheckOptions {
  readonly group: string
  /** Given to /bin/sh. */
  readonly command: string
  /** Go on when all have been asked about. */
  readonly listen: boolean
  /** Younger ones are left alone. */
  readonly afterMs: number
  readonly ended: () => boolean
  /** Where what the command prints goes: 1 or 2. */
  readonly outputTo: 1 | 2
}

/** BrokerConfig.transactionCheckInterval */
const askAgainMs = 30_000
const idleMs = 200

/** What is open now; null: of any group. */
export async function* openOf(transactions: TransactionAdmin, group: string | null): AsyncGenerator<Ended> {
  for (const transaction of await transactions.open().read())
    if (group === null || transaction.producerGroup === group) yield { transaction, outcome: 'open' }
}

/** Has a command decide about each transaction of a group: status 0 commits, 1 rolls back. */
export async function* askAll(
  transactions: TransactionAdmin,
  { group, command, listen, afterMs, ended, outputTo }: CheckOptions,
): AsyncGenerator<Ended> {
  const open = transactions.open()
  const askedAt = new Map<string, number>()
  do {
    for (const transaction of await open.read()) {
      if (ended()) return
      const { transactionId, producerGroup, message } = transaction
      // all of an atomic send is decided, by its sender
      if (message.properties[Property.atomicId] !== undefined) continue
      const asked = askedAt.get(transactionId) ?? -Infinity
      const now = Date.now()
      if (producerGroup !== group || now - message.bornTimestamp < afterMs || now - asked < askAgainMs)
        continue
      askedAt.set(transactionId, now)
      const status = await runCommandFor(message, command, outputTo)
      yield { transaction, outcome: await decide(transactions, transaction, status) }
    }
    if (listen && !ended()) await pause(idleMs)
  } while (listen && !ended())
}

async function decide(
  transactions: TransactionAdmin,
  transaction: OpenTransaction,
  status: number | NodeJS.Signals,
): Promise<Ended['outcome']> {
  if (status !== 0 && status !== 1) return 'unknown'
  const decision = status === 0 ? 'commit' : 'rollback'
  try {
    await transactions.end(transaction, decision)
    return decision
  } catch (error) {
    if (error instanceof MqError && error.code === 'MQ_ILLEGAL_OPERATION') return 'late'
    throw error
  }
}
