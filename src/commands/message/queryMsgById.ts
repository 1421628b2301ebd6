import { TextDecoder } from 'node:util'
import type { MessageAdmin, MessageTrack } from '../../core/client/admin.ts'
import { asMqError } from '../../command-line/failure.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqError } from '../../core/errors.ts'
import type { Message } from '../../core/model/message.ts'
import { Property } from '../../core/model/properties.ts'
import { isReservedProperty } from '../../core/model/reserved-properties.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { saveBody } from '../../output/body-file.ts'
import { javaText } from '../../output/java-text.ts'
import { messageFields, messageJson, messageWide, sendResultJson } from '../../output/message-json.ts'
import type { JsonObject } from '../../output/json.ts'
import type { View } from '../../output/view.ts'

type QueryFlags = FlagsOf<typeof QueryMsgById>

/** What a command did with one id: how it prints for a person and a script. */
interface Done {
  readonly msgId: string
  readonly json: JsonObject
  readonly text: string
}

export default class QueryMsgById extends MqCommand {
  static override summary = 'Query Message by Id.'
  static override description =
    'Takes offset ids, and unique keys of the last three days; several with commas between. A table also writes ' +
    'the body to /tmp/rocketmq/msgbodys. With -g and -d the message is handed to that client, with -s true it is ' +
    'sent again.'
  static override examples = [
    '$ pocketmq queryMsgById -t orders -i 7F00000100002A9F0000000000000000',
    '$ pocketmq queryMsgById -t orders -i $ID -f UTF-8',
  ]
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    msgId: flagKinds.text({ char: 'i', required: true, description: 'message id, or several: a,b' }),
    consumerGroup: flagKinds.text({ char: 'g', description: 'consumer group name' }),
    clientId: flagKinds.text({ char: 'd', description: "the consumer's client id" }),
    sendMessage: flagKinds.bool({ char: 's', default: false, description: 'send the message again' }),
    unitName: flagKinds.text({
      char: 'u',
      description: "unit name of mqadmin's producer; without effect here",
    }),
    bodyFormat: flagKinds.text({ char: 'f', description: 'print the body, decoded by this charset' }),
    cluster: flagKinds.text({ char: 'c', description: 'cluster name' }),
  }

  protected override async perform(flags: QueryFlags): Promise<View<unknown>> {
    const ids = flags.msgId
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== '')
    if (ids.length === 0) throw new MqError('MQ_USAGE', '-i has no message id')
    const charset = flags.bodyFormat === undefined ? null : decoderOf(flags.bodyFormat)
    const { messages } = await this.connect(flags.sendMessage ? 'write' : 'read')
    const { consumerGroup, clientId } = flags
    const act =
      consumerGroup !== undefined && clientId !== undefined
        ? (message: Message) => push(messages, message, consumerGroup, clientId)
        : flags.sendMessage
          ? (message: Message) => sendAgain(messages, message)
          : (message: Message) => this.#show(messages, message, charset)
    const view: View<Done> = {
      shape: 'list',
      items: this.#done(messages, ids, flags, act),
      fields: [...messageFields, 'tracks', 'originalMsgId', 'consumeResult'],
      wide: messageWide,
      toJson: ({ json }) => json,
      toId: ({ msgId }) => msgId,
      table: { kind: 'text', item: ({ text }) => text },
    }
    return view
  }

  /** One by one; what was found is printed even when others are missing. */
  async *#done(
    messages: MessageAdmin,
    ids: readonly string[],
    flags: QueryFlags,
    act: (message: Message) => Promise<Done>,
  ): AsyncGenerator<Done> {
    const failures: MqError[] = []
    for (const id of ids) {
      let done: Done
      try {
        const options = flags.cluster === undefined ? {} : { clusterName: flags.cluster }
        done = await act(await messages.byId(flags.topic, id, options))
      } catch (error) {
        const failure = asMqError(error)
        if (ids.length === 1 || failure.exit >= 5) throw failure
        failures.push(failure)
        continue
      }
      yield done
    }
    if (failures.length === 0) return
    const code = failures.length === ids.length ? failures[0]!.code : 'MQ_PARTIAL'
    const text = failures.map(({ message }) => message).join('; ')
    throw new MqError(code, `${failures.length} of ${ids.length} failed: ${text}`)
  }

  async #show(messages: MessageAdmin, message: Message, charset: TextDecoder | null): Promise<Done> {
    const path = this.printsTable ? this.#savedBody(message) : ''
    const tracks = await this.#tracks(messages, message)
    return {
      msgId: message.msgId,
      json: {
        ...messageJson(message),
        tracks: tracks === null ? null : tracks.map((track) => ({ ...track })),
      },
      text: showText(message, { path, charset, tracks, utc: this.utc }),
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

function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset)
  } catch {
    throw new MqError('MQ_USAGE', `unknown charset "${charset}"`, {
      hint: 'for example UTF-8, GBK, ISO-8859-1',
    })
  }
}

async function push(
  messages: MessageAdmin,
  message: Message,
  group: string,
  clientId: string,
): Promise<Done> {
  const result = await messages.consumeDirectly(message, group, clientId)
  const { msgId } = message
  return { msgId, json: { originalMsgId: msgId, ...result }, text: `${javaText.consumeDirectly(result)}\n` }
}

/** As a new message with an id of its own. */
async function sendAgain(messages: MessageAdmin, message: Message): Promise<Done> {
  const { topic, body, tag, keys, flag, msgId } = message
  const own = Object.entries(message.properties).filter(([name]) => !isReservedProperty(name))
  const shardingKey = message.properties[Property.shardingKey]
  const result = await messages.producer().send({
    ...{ topic, body, keys, flag, properties: Object.fromEntries(own) },
    ...(tag !== null && { tag }),
    ...(shardingKey !== undefined && { shardingKey }),
  })
  const told = `prepare resend msg. originalMsgId=${msgId}`
  return {
    msgId: result.msgId,
    json: { originalMsgId: msgId, ...sendResultJson(result) },
    text: `${told}${javaText.sendResult(topic, result)}\n`,
  }
}

interface Shown {
  readonly path: string
  readonly charset: TextDecoder | null
  readonly tracks: readonly MessageTrack[] | null
  readonly utc: boolean
}

/** QueryMsgByIdSubCommand.printMsg */
function showText(message: Message, { path, charset, tracks, utc }: Shown): string {
  const { properties } = message
  const rows: readonly (readonly [string, string | number])[] = [
    ['OffsetID:', message.offsetMsgId],
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
