import { StoreCommand } from '../../store-command.ts'
import type { View } from '../../output/view.ts'

export default class StoreRebuild extends StoreCommand {
  static override summary = 'Make all indexes of a folder again from its log.'
  static override description =
    'Nobody can write meanwhile. Stopped half-way, it leaves the rest to whoever opens the folder next.'
  static override examples = ['$ pocketmq store rebuild --store ./data']

  protected override async perform(): Promise<View<unknown>> {
    const report = await this.maintain('rebuilding', (maintenance) => maintenance.rebuild())
    const view: View<typeof report> = {
      shape: 'one',
      items: [report],
      fields: ['segments', 'queues', 'bytes'],
      toJson: (item) => ({ ...item }),
      toId: () => null,
      table: {
        kind: 'text',
        item: ({ segments, queues, bytes }) =>
          `index rebuilt: ${queues} queues, ${segments} segments, ${bytes} bytes of log\n`,
      },
    }
    return view
  }
}
