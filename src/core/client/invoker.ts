import type { Command } from '../remoting/frame.ts'
import type { CallOf, ReplyOf, RequestName } from '../remoting/requests/index.ts'
import type { SendBatch, StoredSends } from '../remoting/send-batch.ts'

/** A request of the table, by code, and where its answer goes: a whole frame. */
export type RequestListener = (command: Command, answer: (frame: Buffer) => void) => void

/** Each of a batch is answered once, by its place. */
export interface SendBatchAnswers {
  stored(sends: StoredSends): void
  /** As by `submit`. */
  answered(i: number, error: Error | null, reply: ReplyOf<'SEND_MESSAGE_V2'> | null): void
}

/** How a request gets to its handler: over TCP, or by a function call into the same process. */
export interface Invoker {
  /**
   * For single calls. Resolves with any answer, refusals too.
   * @param address `ip:port`; the loopback has one place only and ignores it
   * @throws MQ_BROKER_UNREACHABLE, MQ_TIMEOUT
   */
  invoke<N extends RequestName>(address: string, name: N, call: CallOf<N>): Promise<ReplyOf<N>>
  /** The same without a promise, for many calls: those of one turn of the event loop travel together. */
  submit<N extends RequestName>(
    address: string,
    name: N,
    call: CallOf<N>,
    onReply: (error: Error | null, reply: ReplyOf<N> | null) => void,
  ): void
  /**
   * Has a listener told what servers say unasked, until the returned function is called. Absent: nobody could
   * tell, with nothing running.
   */
  listen?(onRequest: RequestListener): () => void
  /** Many at once, where that is cheaper. Absent: it is not. */
  submitAll?(address: string, batch: SendBatch, answers: SendBatchAnswers): void
  close(): Promise<void>
}
