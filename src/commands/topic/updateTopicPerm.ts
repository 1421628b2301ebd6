import type { TopicAdmin } from '../../core/client/admin.ts'
import { MqError } from '../../core/errors.ts'
import { masterId, type TopicRoute } from '../../core/model/route.ts'
import { permMax, topicConfigText, type TopicConfig } from '../../core/model/topic.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { scopeFlags, scopeOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

interface PermChange {
  readonly brokerAddr: string
  readonly before: number
  readonly after: number
  readonly config: TopicConfig
}

export default class UpdateTopicPerm extends MqCommand {
  static override summary = 'Update topic perm.'
  static override description =
    'Permissions: 2 write, 4 read, 6 both. Queues and attributes stay; the order flag is reset, as by mqadmin.'
  static override examples = ['$ pocketmq updateTopicPerm -t orders -p 4']
  static override flags = {
    ...scopeFlags,
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    perm: flagKinds.count({
      char: 'p',
      required: true,
      max: permMax,
      description: "set topic's permission: 2 W, 4 R, 6 RW",
    }),
  }

  protected override async perform(flags: FlagsOf<typeof UpdateTopicPerm>): Promise<View<unknown>> {
    const scope = scopeOf(flags, this.target)
    const { topics } = await this.connect('read')
    const route = await topics.route(flags.topic)
    const byBroker = 'brokerAddr' in scope
    const changes = byBroker
      ? [await changeOn(topics, route, flags.topic, flags.perm, scope.brokerAddr)]
      : await changeAll(topics, route, flags.topic, flags.perm, scope.clusterName)
    return textView(changes, {
      fields: ['brokerAddr', 'before', 'after'],
      id: ({ brokerAddr }) => brokerAddr,
      text: ({ brokerAddr, before, after, config }) =>
        `update topic perm from ${before} to ${after} in ${brokerAddr} success.\n` +
        (byBroker ? `${topicConfigText(config)}.\n` : ''),
    })
  }
}

/** UpdateTopicPermSubCommand takes all but the permission from the route's first broker. */
function configOf(route: TopicRoute, topicName: string, perm: number): TopicConfig {
  const { readQueueNums, writeQueueNums, topicSysFlag } = route.queueDatas[0]!
  return {
    ...{ topicName, readQueueNums, writeQueueNums, perm, topicFilterType: 'SINGLE_TAG' },
    ...{ topicSysFlag, order: false, attributes: {} },
  }
}

async function changeAll(
  topics: TopicAdmin,
  route: TopicRoute,
  topic: string,
  perm: number,
  clusterName: string,
): Promise<PermChange[]> {
  const config = configOf(route, topic, perm)
  const { brokerAddrs } = await topics.update(config, { clusterName })
  return brokerAddrs.map((brokerAddr) => ({
    brokerAddr,
    before: permOn(route, brokerAddr) ?? route.queueDatas[0]!.perm,
    after: perm,
    config,
  }))
}

async function changeOn(
  topics: TopicAdmin,
  route: TopicRoute,
  topic: string,
  perm: number,
  brokerAddr: string,
): Promise<PermChange> {
  const before = permOn(route, brokerAddr)
  if (before === null) {
    throw new MqError('MQ_BROKER_NOT_EXIST', `no master at ${brokerAddr} has topic ${topic}`, {
      hint: 'see where it is with `topicRoute`',
    })
  }
  if (before === perm) throw new MqError('MQ_INVALID_PARAMETER', 'new perm equals to the old one!')
  const config = configOf(route, topic, perm)
  await topics.update(config, { brokerAddr })
  return { brokerAddr, before, after: perm, config }
}

function permOn({ brokerDatas, queueDatas }: TopicRoute, brokerAddr: string): number | null {
  const broker = brokerDatas.find(({ brokerAddrs }) => brokerAddrs[masterId] === brokerAddr)
  return queueDatas.find(({ brokerName }) => brokerName === broker?.brokerName)?.perm ?? null
}
