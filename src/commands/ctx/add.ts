import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { contextView } from '../../output/context-view.ts'
import { readContexts, writeContexts, type Context } from '../../command-line/contexts.ts'
import { MqError } from '../../core/errors.ts'
import { MqCommand, type ArgsOf, type FlagsOf } from '../../mq-command.ts'
import type { View } from '../../output/view.ts'

export default class CtxAdd extends MqCommand {
  static override summary = 'Give a target a name, or a name another target.'
  static override description =
    'The target is that of -n, --store, or what the environment names. Nothing is connected to.'
  static override examples = [
    '$ pocketmq ctx add prod -n "ns-1:9876;ns-2:9876"',
    '$ pocketmq ctx add dev --store ./mq --use',
  ]
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'letters, digits, - _ and .' }),
  }
  static override flags = {
    use: Flags.boolean({ description: 'and use it from now on where no other target is named' }),
  }

  protected override perform(
    flags: FlagsOf<typeof CtxAdd>,
    { name }: ArgsOf<typeof CtxAdd>,
  ): Promise<View<unknown>> {
    if (!/^[\w.][\w.-]*$/.test(name)) {
      throw new MqError('MQ_USAGE', `"${name}" is no name for a context`, {
        hint: 'letters, digits, - _ and .; not - at the beginning',
      })
    }
    const { target, env } = this
    const context: Context =
      target.kind === 'folder' ? { store: target.store } : { namesrvAddr: target.namesrv.join(';') }
    const before = readContexts(env)
    const moves = flags.use && before.current !== name
    writeContexts(env, {
      contexts: { ...before.contexts, [name]: context },
      current: flags.use ? name : before.current,
      previous: moves ? before.current : before.previous,
    })
    return Promise.resolve(contextView(name, context, flags.use || before.current === name))
  }
}
