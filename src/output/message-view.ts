import type { Message } from '../core/model/message.ts'
import { javaText } from './java-text.ts'
import { messageFields, messageJson, messageWide } from './message-json.ts'
import { MessageLines } from './message-lines.ts'
import type { Items, View } from './view.ts'

export const messageShape = { shape: 'list', fields: messageFields, wide: messageWide } as const

/** @param format of each for a person; null: as mqadmin prints them */
export function messagesView(
  items: Items<Message>,
  format: ((message: Message) => Buffer) | null = null,
): View<unknown> {
  const view: View<Message> = {
    ...messageShape,
    items,
    toJson: messageJson,
    toLines: (fields) => new MessageLines(fields),
    toId: ({ msgId }) => msgId,
    table: { kind: 'text', item: format ?? messageLine },
  }
  return view
}

/** PrintMessageByQueueCommand.printMessage */
export function messageLine(message: Message): string {
  return `MSGID: ${message.msgId} ${javaText.message(message)} BODY: ${message.body.toString('utf8')}\n`
}
