import { isUtf8 } from 'node:buffer'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import type { Answer } from '../../core/client/request-admin.ts'
import { MqError } from '../../core/errors.ts'
import type { NewMessage } from '../../core/model/message.ts'
import { keySeparator } from '../../core/model/properties.ts'
import { bodyOf } from '../../input/body.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import type { View } from '../../output/view.ts'

type RequestFlags = FlagsOf<typeof Request>

/** The default of --timeout. */
const timeoutMsDefault = 5000

export default class Request extends MqCommand {
  static override summary = 'Send a message as a request, wait for the answer and print it.'
  static override description =
    "RocketMQ's request-reply: the message goes to a topic like any other, and whoever consumes it answers: " +
    '`reply`, or a consumer in any language. Prints the body of the answer, and a line feed when it ends without ' +
    'one; --timeout is how long it is waited for, then the status is 6. With nothing running, through `serve` and ' +
    'on a cluster.'
  static override examples = [
    '$ pocketmq request -t prices -p apples --timeout 10s',
    '$ pocketmq request -t prices -p - --json < basket.json',
  ]
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    body: flagKinds.text({
      char: 'p',
      required: true,
      description: 'message body, blanks around it removed; - for all of stdin',
    }),
    key: flagKinds.text({ char: 'k', description: 'message keys, with blanks between' }),
    tags: flagKinds.text({ char: 'c', aliases: ['tag'], description: 'message tag' }),
    'producer-group': flagKinds.text({ description: 'group of the producer; default TOOLS_PRODUCER' }),
  }

  protected override get endsItself(): boolean {
    return true
  }

  protected override async perform(flags: RequestFlags): Promise<View<unknown>> {
    const { topic, tags, key, 'producer-group': group } = flags
    const keys = key?.split(keySeparator).filter((part) => part !== '')
    const message: NewMessage = {
      topic,
      body: await bodyOf(flags.body, () => this.stdin),
      ...(tags !== undefined && tags !== '' && { tag: tags }),
      ...(keys !== undefined && { keys }),
    }
    if (message.body.length === 0)
      throw new MqError('MQ_INPUT', 'the body is empty: RocketMQ has no empty messages')
    const { requests } = await this.connect('write')
    const answer = await requests.request(message, {
      timeoutMs: this.timeoutMs ?? timeoutMsDefault,
      signal: this.interrupted,
      ...(group !== undefined && { group }),
    })
    return answerView(answer)
  }
}

function answerView(answer: Answer): View<unknown> {
  const view: View<Answer> = {
    shape: 'one',
    items: [answer],
    fields: [
      ...(['msgId', 'correlationId', 'requestMsgId', 'elapsedMs', 'bornHost'] as const),
      ...(['properties', 'body', 'bodyBase64'] as const),
    ],
    toJson: ({ msgId, correlationId, request, elapsedMs, bornHost, properties, body }) => ({
      ...{ msgId, correlationId, requestMsgId: request.msgId, elapsedMs, bornHost },
      properties: { ...properties },
      ...(isUtf8(body) ? { body: body.toString('utf8') } : { bodyBase64: body.toString('base64') }),
    }),
    toId: ({ msgId }) => msgId,
    table: { kind: 'text', item: ({ body }) => (body.at(-1) === lineFeed ? body : withLineFeed(body)) },
  }
  return view
}

const lineFeed = 0x0a

function withLineFeed(body: Buffer): Buffer {
  return Buffer.concat([body, Buffer.from([lineFeed])])
}
