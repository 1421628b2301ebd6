import type { TopicUpdate } from '../../core/client/admin.ts'
import { Perm, permMax, topicConfigText, type TopicConfig } from '../../core/model/topic.ts'
import { parseAttributes } from '../../command-line/attributes.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { scopeOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import type { View } from '../../output/view.ts'

/** TopicSysFlag.FLAG_UNIT, FLAG_UNIT_SUB */
const sysFlag = { unit: 1, unitSub: 2 } as const

export default class UpdateTopic extends MqCommand {
  static override summary = 'Update or create topic.'
  static override description =
    'Replaces the whole configuration of the topic: what is left out falls back to its default. ' +
    'On a folder neither -b nor -c is needed.'
  static override examples = [
    '$ pocketmq updateTopic -t orders -r 4 -w 4',
    '$ pocketmq updateTopic -n 127.0.0.1:9876 -c DefaultCluster -t orders -a +message.type=FIFO',
  ]
  static override flags = {
    brokerAddr: flagKinds.text({ char: 'b', description: 'create topic to which broker' }),
    clusterName: flagKinds.text({ char: 'c', description: 'create topic to which cluster' }),
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    readQueueNums: flagKinds.count({ char: 'r', default: 8, description: 'set read queue nums' }),
    writeQueueNums: flagKinds.count({ char: 'w', default: 8, description: 'set write queue nums' }),
    perm: flagKinds.count({
      char: 'p',
      max: permMax,
      default: Perm.read | Perm.write,
      description: "set topic's permission: 2 W, 4 R, 6 RW",
    }),
    attributes: flagKinds.text({ char: 'a', description: 'attributes: +a=b,+c=d,-e' }),
    order: flagKinds.bool({ char: 'o', default: false, description: "set topic's order" }),
    'segment-size': flagKinds.segmentSize(),
    unit: flagKinds.bool({ char: 'u', default: false, description: 'is unit topic' }),
    hasUnitSub: flagKinds.bool({ char: 's', default: false, description: 'has unit sub' }),
  }

  protected override async perform(flags: FlagsOf<typeof UpdateTopic>): Promise<View<unknown>> {
    const scope = scopeOf(flags, this.target)
    const config: TopicConfig = {
      topicName: flags.topic,
      readQueueNums: flags.readQueueNums,
      writeQueueNums: flags.writeQueueNums,
      perm: flags.perm,
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: (flags.unit ? sysFlag.unit : 0) | (flags.hasUnitSub ? sysFlag.unitSub : 0),
      order: flags.order,
      attributes: parseAttributes(flags.attributes ?? ''),
    }
    const { topics } = await this.connect('write', flags['segment-size'])
    return updateView(await topics.update(config, scope), 'brokerAddr' in scope ? 'broker' : 'cluster')
  }
}

/** mqadmin tells of the order configuration before the broker, but after the cluster. */
function updateView(update: TopicUpdate, scope: 'broker' | 'cluster'): View<TopicUpdate> {
  return {
    shape: 'one',
    items: [update],
    fields: ['brokerAddrs', 'orderConf', 'config'],
    toJson: ({ brokerAddrs, orderConf, config }) => ({ brokerAddrs, orderConf, config: { ...config } }),
    toId: ({ config }) => config.topicName,
    table: {
      kind: 'text',
      item: ({ brokerAddrs, orderConf, config }) => {
        const created = brokerAddrs.map((address) => `create topic to ${address} success.`)
        const ordered =
          orderConf === null ? [] : [`set ${scope} orderConf. isOrder=true, orderConf=[${orderConf}]`]
        const lines = scope === 'broker' ? [...ordered, ...created] : [...created, ...ordered]
        return [...lines, topicConfigText(config), ''].join('\n')
      },
    },
  }
}
