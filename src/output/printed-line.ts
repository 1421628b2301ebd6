import type { Message } from '../core/model/message.ts'
import { javaText } from './java-text.ts'

/** PrintMessageByQueueCommand.printMessage. @param decoder null: without the body */
export function printedLine(message: Message, decoder: { decode(body: Buffer): string } | null): string {
  const body = decoder === null ? 'NOT PRINT BODY' : decoder.decode(message.body)
  return `MSGID: ${message.msgId} ${javaText.message(message)} BODY: ${body}\n`
}
