import * as Args from '@oclif/core/args'
import { contextView } from '../../output/context-view.ts'
import { contextNamed, readContexts, writeContexts } from '../../command-line/contexts.ts'
import { MqCommand, outputFlags, type ArgsOf } from '../../mq-command.ts'
import type { View } from '../../output/view.ts'

export default class CtxRemove extends MqCommand {
  static override summary = 'Forget the name of a target; the target itself is left alone.'
  static override examples = ['$ pocketmq ctx remove prod']
  static override baseFlags = { ...outputFlags }
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'name of the context' }),
  }

  protected override perform(_flags: object, { name }: ArgsOf<typeof CtxRemove>): Promise<View<unknown>> {
    const { contexts, current, previous } = readContexts(this.env)
    const context = contextNamed({ contexts, current, previous }, name)
    writeContexts(this.env, {
      contexts: Object.fromEntries(Object.entries(contexts).filter(([each]) => each !== name)),
      current: current === name ? null : current,
      previous: previous === name ? null : previous,
    })
    return Promise.resolve(contextView(name, context, false))
  }
}
