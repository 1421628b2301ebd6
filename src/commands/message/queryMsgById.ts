import type { MessageAdmin } from '../../core/client/admin.ts'
import { asMqError } from '../../command-line/failure.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqError } from '../../core/errors.ts'
import type { Message } from '../../core/model/message.ts'
import { Property } from '../../core/model/properties.ts'
import { isReservedProperty } from '../../core/model/reserved-properties.ts'
import { decoderOf, doneView, MessageQueryCommand, pushTo, type Done } from '../../message-query-command.ts'
import type { FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { sendResultJson } from '../../output/message-json.ts'
import type { View } from '../../output/view.ts'

type QueryFlags = FlagsOf<typeof QueryMsgById>

export default class QueryMsgById extends MessageQueryCommand {
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
        ? (message: Message) => pushTo(messages, message, consumerGroup, clientId)
        : flags.sendMessage
          ? (message: Message) => sendAgain(messages, message)
          : (message: Message) => this.show(messages, message, { charset, withOffsetId: true })
    return doneView(this.#done(messages, ids, flags, act), ['originalMsgId', 'consumeResult'])
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
