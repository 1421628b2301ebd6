import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { parsePosition } from '../../command-line/position.ts'
import { MqError } from '../../core/errors.ts'
import { checkMessages } from '../../input/assertion.ts'
import { criteriaOf } from '../../input/criteria.ts'
import { parseRegex } from '../../input/reading.ts'
import { MqCommand, type ArgsOf, type FlagsOf } from '../../mq-command.ts'
import { messagesView } from '../../output/message-view.ts'
import type { View } from '../../output/view.ts'

export default class Assert extends MqCommand {
  static override summary = 'Check that a topic has a message, or none.'
  static override description =
    'Prints the messages that have everything asked for, and ends with 0; else with 7, saying which messages come ' +
    'nearest and what they have instead. At least one must be there, with --count N exactly N, with --none none. ' +
    '--within waits for them; with --none it is how long none may come.\n\n' +
    'Messages are read from --from on, by default all there are; no offset of any group moves.'
  static override examples = [
    '$ pocketmq assert orders --key 42 --within 10s --count 1 --where "status = \'PAID\'"',
    '$ pocketmq assert orders --key 42 --tag refunded --none --within 3s',
    '$ pocketmq assert %DLQ%pay --none',
  ]
  static override args = {
    topic: Args.string({ required: true, ignoreStdin: true, description: 'topic name' }),
  }
  static override flags = {
    key: flagKinds.text({ char: 'k', description: 'messages with this key' }),
    tag: Flags.string({ helpValue: "'A || B'", description: 'messages with one of these tags' }),
    where: flagKinds.sql92({ description: "messages whose properties match, like status = 'PAID'" }),
    grep: Flags.string({ helpValue: 'REGEX', description: 'messages whose body matches' }),
    count: flagKinds.count({ min: 1, description: 'exactly so many; default: at least one' }),
    none: Flags.boolean({ description: 'not one' }),
    within: flagKinds.duration({ description: 'how long to wait; default: not at all' }),
    from: Flags.string({
      helpValue: 'PLACE',
      description: 'first message: earliest, latest, an offset, -10, @-2h, @2026-11-24T10:00 or @<epoch ms>',
    }),
  }

  protected override async perform(
    flags: FlagsOf<typeof Assert>,
    { topic }: ArgsOf<typeof Assert>,
  ): Promise<View<unknown>> {
    const { grep, count, none, from, within: withinMs = 0 } = flags
    if (none && count !== undefined) throw new MqError('MQ_USAGE', '--none and --count exclude each other')
    const criteria = criteriaOf({ ...flags, grep: grep === undefined ? undefined : parseRegex(grep) })
    const position = parsePosition(from ?? 'earliest', Date.now())
    const { messages } = await this.connect('read')
    const expected = none ? 0 : (count ?? 'some')
    return messagesView(
      await checkMessages(messages, { topic, criteria, count: expected, withinMs, from: position }),
    )
  }
}
