import type { PoppedMessage } from '../core/client/admin.ts'
import type { RequestAdmin } from '../core/client/request-admin.ts'
import { limits } from '../core/model/limits.ts'
import { requestMarkOf } from '../core/model/request-reply.ts'
import type { Answering } from './job-queue.ts'

/** Who asks waits for seconds: RocketMQ's back-off begins with ten. */
const retryMs = 1000
/** RocketMQ has no empty messages: who printed nothing has answered, too. */
const emptyLine = Buffer.from('\n')

/** What jobs print is sent to who asked. @param note what a person should know */
export function answering(
  requests: RequestAdmin,
  invisibleMs: number,
  note: (text: string) => void,
): Answering {
  return {
    retryMs,
    isWanted: (popped) => !isExpired(popped, invisibleMs),
    async send(message, output) {
      if (output.length > limits.bodySizeMax) {
        note(`note: ${message.msgId}: more was printed than the ${limits.bodySizeMax} bytes of a message`)
        return 'retry'
      }
      if (requestMarkOf(message) === null) return 'unasked'
      const told = await requests.reply(message, output.length === 0 ? emptyLine : output)
      return told ? 'answered' : 'untold'
    },
  }
}

/** Both times are the broker's. */
function isExpired({ message, invisibleUntil }: PoppedMessage, invisibleMs: number): boolean {
  const ttlMs = requestMarkOf(message)?.ttlMs ?? Infinity
  const handedOutAt = invisibleUntil - invisibleMs
  return handedOutAt - message.storeTimestamp >= ttlMs
}
