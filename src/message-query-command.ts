import { TextDecoder } from 'node:util'
import type { MessageAdmin, MessageTrack } from './core/client/admin.ts'
import { asMqError } from './command-line/failure.ts'
import { MqError } from './core/errors.ts'
import type { Message } from './core/model/message.ts'
import { Property } from './core/model/properties.ts'
import { MqCommand } from './mq-command.ts'
import { saveBody } from './output/body-file.ts'
import { javaText } from './output/java-text.ts'
import type { JsonObject } from './output/json.ts'
import { messageFields, messageJson, messageWide } from './output/message-json.ts'
import type { View } from './output/view.ts'

/** What a command did with one message: how it prints for a person and a script. */
export interface Done {
  readonly msgId: string
  readonly json: JsonObject
  readonly text: string
}

interface ShowOptions {
  /** Null: the body is not printed. */
  readonly charset: TextDecoder | null
  /** queryMsgByUniqueKey leaves it out. */
  readonly withOffsetId: boolean
}

/** Shows messages as mqadmin's queries do: key lines, the body in a file, what groups did with it. */
export abstract class MessageQueryCommand extends MqCommand {
  protected async show(messages: MessageAdmin, message: Message, options: ShowOptions): Promise<Done> {
    const path = this.printsTable ? this.#savedBody(message) : ''
    const tracks = await this.#tracks(messages, message)
    return {
      msgId: message.msgId,
      json: {
        ...messageJson(message),
        tracks: tracks === null ? null : tracks.map((track) => ({ ...track })),
      },
      text: showText(message, { ...options, path, tracks, utc: this.utc }),
    }
  }

  /** mqadmin fails here; the message itself is worth more than its copy. */
  #savedBody(message: Message): string {
    try {
      return saveBody(message)
    } catch (error) {
      this.note(`note: the body was not written to a file: ${asMqError(error).message}`)
      return ''
    }
  }

  /** Not every broker tells of its groups. */
  async #tracks(messages: MessageAdmin, message: Message): Promise<readonly MessageTrack[] | null> {
    try {
      return await messages.tracks(message)
    } catch (error) {
      this.note(`note: what consumers did with ${message.msgId} is not known: ${asMqError(error).message}`)
      return null
    }
  }
}

/** @param fields beyond those of a message and its tracks */
export function doneView(
  items: Iterable<Done> | AsyncIterable<Done>,
  fields: readonly string[] = [],
): View<Done> {
  return {
    shape: 'list',
    items,
    fields: [...messageFields, 'tracks', ...fields],
    wide: messageWide,
    toJson: ({ json }) => json,
    toId: ({ msgId }) => msgId,
    table: { kind: 'text', item: ({ text }) => text },
  }
}

/** @throws MQ_USAGE */
export function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset)
  } catch {
    throw new MqError('MQ_USAGE', `unknown charset "${charset}"`, {
      hint: 'for example UTF-8, GBK, ISO-8859-1',
    })
  }
}

/** Hands it to one connected consumer. */
export async function pushTo(
  messages: MessageAdmin,
  message: Message,
  group: string,
  clientId: string,
): Promise<Done> {
  const result = await messages.consumeDirectly(message, group, clientId)
  const { msgId } = message
  return { msgId, json: { originalMsgId: msgId, ...result }, text: `${javaText.consumeDirectly(result)}\n` }
}

interface Shown extends ShowOptions {
  readonly path: string
  readonly tracks: readonly MessageTrack[] | null
  readonly utc: boolean
}

/** QueryMsgByIdSubCommand.printMsg */
function showText(message: Message, { path, charset, tracks, utc, withOffsetId }: Shown): string {
  const { properties } = message
  const rows: readonly (readonly [string, string | number])[] = [
    ...(withOffsetId ? [['OffsetID:', message.offsetMsgId] as const] : []),
    ['Topic:', message.topic],
    ['Tags:', `[${message.tag ?? 'null'}]`],
    ['Keys:', `[${properties[Property.keys] ?? 'null'}]`],
    ['Queue ID:', message.queueId],
    ['Queue Offset:', message.queueOffset],
    ['CommitLog Offset:', message.commitLogOffset],
    ['Reconsume Times:', message.reconsumeTimes],
    ['Born Timestamp:', javaText.localTime(message.bornTimestamp, utc)],
    ['Store Timestamp:', javaText.localTime(message.storeTimestamp, utc)],
    ['Born Host:', message.bornHost],
    ['Store Host:', message.storeHost],
    ['System Flag:', message.sysFlag],
    ['Properties:', javaText.map(properties)],
    ['Message Body Path:', path],
    ...(charset === null ? [] : [['Message Body:', charset.decode(message.body)] as const]),
  ]
  const lines = rows.map(([name, value]) => `${name.padEnd(20)} ${value}\n`).join('')
  const known = tracks ?? []
  const told =
    known.length === 0 ? 'WARN: No Consumer\n' : known.map((track) => `${javaText.track(track)}\n`).join('')
  return tracks === null ? lines : `${lines}\n\n${told}`
}
