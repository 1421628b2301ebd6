import { Decision } from '../../model/transaction.ts'
import type { Handlers } from '../../remoting/handlers.ts'
import { answerOfError } from '../../remoting/handlers.ts'
import type { Broker } from '../broker.ts'

/** EndTransactionProcessor: 37; ours: 30001. */
export function transactionHandlers(broker: Broker): Handlers {
  return {
    END_TRANSACTION(_context, { header }, reply) {
      const request = {
        group: header.producerGroup,
        queueOffset: header.tranStateTableOffset,
        commitLogOffset: header.commitLogOffset,
        decision: header.commitOrRollback,
        fromCheck: header.fromTransactionCheck ?? false,
      }
      broker.transactions.end(request, (error) => reply(error === null ? {} : answerOfError(error)))
    },
    END_ATOMIC_SEND(_context, { header }, reply) {
      const { atomicId, count, commitOrRollback: decision } = header
      broker.transactions.endAtomic({ atomicId, count, decision }, (error) => {
        if (error !== null) return reply(answerOfError(error))
        try {
          broker.due.begin()
        } catch (cause) {
          // it is decided, and who decided must hear that: who asks what is left is told why there is some
          if (decision === Decision.unknown) throw cause
        }
        reply({ header: { left: broker.transactions.atomic.left(atomicId) } })
      })
    },
  }
}
