import * as Flags from '@oclif/core/flags'
import { MqError } from '../../core/errors.ts'
import type { SubscriptionGroupConfig } from '../../core/model/group.ts'
import type { TopicConfig } from '../../core/model/topic.ts'
import { flagKinds, readTextFile } from '../../command-line/flag-kinds.ts'
import { scopeFlags, scopeOf } from '../../command-line/scope.ts'
import { ConfigReader, parseJsonFile } from '../../input/config-list.ts'
import { groupConfigFrom, topicConfigFrom } from '../../input/metadata.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class ImportMetadata extends MqCommand {
  static override summary = 'Create or replace the topics and groups of a file of exportMetadata.'
  static override description =
    "Each broker of the target gets every topic with the queues the file says. RocketMQ's own topics.json and " +
    'subscriptionGroup.json can be read as well. -f - reads standard input.'
  static override examples = [
    '$ pocketmq importMetadata -f backup/metadata.json --dry-run',
    '$ pocketmq importMetadata -f backup/metadata.json',
  ]
  static override flags = {
    ...scopeFlags,
    filename: flagKinds.text({ char: 'f', required: true, helpValue: 'FILE', description: 'file to read' }),
    'dry-run': Flags.boolean({ description: 'show what is in it, change nothing' }),
  }

  protected override async perform(flags: FlagsOf<typeof ImportMetadata>): Promise<View<unknown>> {
    const scope = scopeOf(flags, this.target)
    const { topics, groups } = readMetadata(readTextFile(flags.filename), flags.filename)
    if (flags['dry-run']) this.note('note: nothing was changed; leave --dry-run out to do it')
    else {
      const admin = await this.connect('write')
      if (topics.length > 0) await admin.topics.updateAll(topics, scope)
      if (groups.length > 0) await admin.groups.update(groups, scope)
    }
    const names = {
      topics: topics.map(({ topicName }) => topicName),
      groups: groups.map(({ groupName }) => groupName),
    }
    return textView([names], {
      shape: 'one',
      fields: ['topics', 'groups'],
      id: () => [...names.topics, ...names.groups].join('\n'),
      text: () => {
        const what = `${names.topics.length} topics, ${names.groups.length} groups`
        return flags['dry-run'] ? `${what}\n` : `import ${what} success\n`
      },
    })
  }
}

interface Metadata {
  readonly topics: readonly TopicConfig[]
  readonly groups: readonly SubscriptionGroupConfig[]
}

function readMetadata(text: string, path: string): Metadata {
  const file = new ConfigReader(parseJsonFile(text, path), path)
  const table = (name: string, key: string): ConfigReader[] =>
    Object.entries(file.object(name) ?? {}).map(
      ([id, config]) => new ConfigReader({ [key]: id, ...(config as object) }, `${path}: ${id}`),
    )
  const topics = table('topicConfigTable', 'topicName').map(topicConfigFrom)
  const groups = table('subscriptionGroupTable', 'groupName').map(groupConfigFrom)
  if (topics.length + groups.length > 0) return { topics, groups }
  throw new MqError('MQ_INPUT', `${path} has neither topics nor groups`, {
    hint: 'it has a topicConfigTable or a subscriptionGroupTable, as exportMetadata writes them',
  })
}
