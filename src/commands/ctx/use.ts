import * as Args from '@oclif/core/args'
import { contextView } from '../../output/context-view.ts'
import { contextNamed, readContexts, writeContexts } from '../../command-line/contexts.ts'
import { MqError } from '../../core/errors.ts'
import { MqCommand, outputFlags, type ArgsOf } from '../../mq-command.ts'
import type { View } from '../../output/view.ts'

export default class CtxUse extends MqCommand {
  static override summary = 'Use a context where nothing else names a target.'
  static override description =
    'Flags, POCKETMQ_CONTEXT, NAMESRV_ADDR and POCKETMQ_STORE come before it. `-` is the one before.'
  static override examples = ['$ pocketmq ctx use prod', '$ pocketmq ctx use -']
  static override baseFlags = { ...outputFlags }
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'name of the context, or -' }),
  }

  protected override perform(_flags: object, args: ArgsOf<typeof CtxUse>): Promise<View<unknown>> {
    const before = readContexts(this.env)
    const name = args.name === '-' ? before.previous : args.name
    if (name === null) {
      throw new MqError('MQ_TARGET', 'no context was used before', { hint: 'give its name: see `ctx list`' })
    }
    const context = contextNamed(before, name)
    if (name !== before.current) {
      writeContexts(this.env, { ...before, current: name, previous: before.current })
    }
    return Promise.resolve(contextView(name, context, true))
  }
}
