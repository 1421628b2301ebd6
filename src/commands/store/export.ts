import * as Flags from '@oclif/core/flags'
import { resolve } from 'node:path'
import { MqError } from '../../core/errors.ts'
import type { FlagsOf } from '../../mq-command.ts'
import { StoreCommand } from '../../store-command.ts'
import type { View } from '../../output/view.ts'

export default class StoreExport extends StoreCommand {
  static override summary = 'Write a folder that an Apache RocketMQ broker starts on.'
  static override description =
    'Messages, topics, groups and offsets. The broker needs the segment size that is printed as its ' +
    'mappedFileSizeCommitLog. Nobody can write meanwhile; the folder appears whole or not at all.'
  static override examples = ['$ pocketmq store export --store ./data --to /var/lib/rocketmq/store']
  static override flags = {
    to: Flags.string({
      required: true,
      helpValue: 'DIR',
      description: 'folder to write; not there yet, or empty',
    }),
  }

  protected override async perform(flags: FlagsOf<typeof StoreExport>): Promise<View<unknown>> {
    if (flags.to.trim() === '') throw new MqError('MQ_USAGE', '--to is empty', { hint: 'write --to DIR' })
    const to = resolve(flags.to)
    const report = await this.maintain('exporting', (maintenance) => maintenance.export(to))
    const view: View<typeof report> = {
      shape: 'one',
      items: [report],
      fields: ['to', 'segmentSize', 'segments', 'queues', 'messages', 'topics', 'groups', 'offsets'],
      toJson: (item) => ({ ...item }),
      toId: (item) => item.to,
      table: {
        kind: 'text',
        item: ({ messages, topics, groups, segmentSize }) =>
          `exported ${messages} messages, ${topics} topics, ${groups} groups to ${to}\n` +
          `start the broker with storePathRootDir=${to} and mappedFileSizeCommitLog=${segmentSize}\n`,
      },
    }
    return view
  }
}
