import * as Args from '@oclif/core/args'
import type { Recalled } from '../../core/client/admin.ts'
import { MqCommand, type ArgsOf } from '../../mq-command.ts'
import type { View } from '../../output/view.ts'

export default class RecallMessage extends MqCommand {
  static override summary = 'Take back a message that waits for its time.'
  static override description =
    'The handle is in the answer of the send: `sendMessage --delay 90s --json`. Messages of a delay level have ' +
    'none. A RocketMQ broker takes messages back only with recallMessageEnable=true.'
  static override examples = [
    '$ handle=$(pocketmq sendMessage -t reminders -p "call back" --delay 2h --json | jq -r .recallHandle)',
    '$ pocketmq recallMessage "$handle"',
  ]
  static override args = {
    handle: Args.string({ required: true, ignoreStdin: true, description: 'recallHandle of the send' }),
  }

  protected override async perform(
    _flags: object,
    { handle }: ArgsOf<typeof RecallMessage>,
  ): Promise<View<unknown>> {
    const { messages } = await this.connect('read')
    const view: View<Recalled> = {
      shape: 'one',
      items: [await messages.recall(handle.trim())],
      fields: ['topic', 'brokerName', 'msgId'],
      toJson: (recalled) => ({ ...recalled }),
      toId: ({ msgId }) => msgId,
      table: { kind: 'text', item: ({ topic, msgId }) => `recall message ${msgId} of ${topic} success.\n` },
    }
    return view
  }
}
