import type { Handlers } from '../../remoting/handlers.ts'
import type { Broker } from '../broker.ts'
import { assignmentHandlers } from './assignment.ts'
import { brokerOwnHandlers } from './broker.ts'
import { askClientHandlers } from './ask-client.ts'
import { clientHandlers } from './client.ts'
import { groupHandlers } from './group.ts'
import { lockHandlers } from './lock.ts'
import { messageHandlers } from './message.ts'
import { offsetHandlers } from './offset.ts'
import { popHandlers } from './pop.ts'
import { pullHandlers } from './pull.ts'
import { sendHandlers } from './send.ts'
import { topicHandlers } from './topic.ts'
import { transactionHandlers } from './transaction.ts'

/** Every request a broker answers. */
export function brokerHandlers(broker: Broker): Handlers {
  return {
    ...sendHandlers(broker),
    ...pullHandlers(broker),
    ...popHandlers(broker),
    ...assignmentHandlers(broker),
    ...transactionHandlers(broker),
    ...lockHandlers(broker),
    ...offsetHandlers(broker),
    ...topicHandlers(broker),
    ...groupHandlers(broker),
    ...messageHandlers(broker),
    ...clientHandlers(broker),
    ...askClientHandlers(broker),
    ...brokerOwnHandlers(broker),
  }
}
