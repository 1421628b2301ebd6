import { StoreCommand } from '../../store-command.ts'
import type { View } from '../../output/view.ts'

export default class StoreImport extends StoreCommand {
  static override summary = 'Take the folder of an Apache RocketMQ broker over, in place.'
  static override description =
    'Topics, groups and offsets come from its config; messages stay where they are. From then on the folder is ' +
    'written to like any other here. The broker must not run: `store export` makes a folder for it again.'
  static override examples = ['$ pocketmq store import --store /var/lib/rocketmq/store']

  protected override async perform(): Promise<View<unknown>> {
    const report = await this.maintain('importing', (maintenance) => maintenance.import())
    const view: View<typeof report> = {
      shape: 'one',
      items: [report],
      fields: [
        'brokerName',
        'clusterName',
        'topics',
        'groups',
        'offsets',
        'queues',
        'segments',
        'logEnd',
        'damaged',
      ],
      toJson: (item) => ({ ...item }),
      toId: () => null,
      table: {
        kind: 'text',
        item: ({ brokerName, topics, groups, queues, segments, damaged }) =>
          `imported ${brokerName}: ${topics} topics, ${groups} groups, ${queues} queues in ${segments} segments\n` +
          (damaged === 0 ? '' : `${damaged} damaged parts are passed over: see \`store verify\`\n`),
      },
    }
    return view
  }
}
