import { contextsView } from '../../output/context-view.ts'
import { readContexts } from '../../command-line/contexts.ts'
import { MqCommand, outputFlags } from '../../mq-command.ts'
import type { View } from '../../output/view.ts'

export default class CtxList extends MqCommand {
  static override summary = 'List the contexts; * marks the one in use.'
  static override examples = ['$ pocketmq ctx list', '$ pocketmq ctx list --quiet']
  static override baseFlags = { ...outputFlags }

  protected override perform(): Promise<View<unknown>> {
    return Promise.resolve(contextsView(readContexts(this.env)))
  }
}
