import { MqError } from '../../errors.ts'
import type { BrokerConsumeStats } from '../../model/client-data.ts'
import type { Handlers } from '../../remoting/handlers.ts'
import type { Broker } from '../broker.ts'
import { consumeStats } from '../consume-stats.ts'
import { pushOffsets, resetOffsets } from '../reset-offsets.ts'

/** The group half of AdminBrokerProcessor: 200, 201, 207, 222, 225, 317, 352. */
export function groupHandlers(broker: Broker): Handlers {
  return {
    UPDATE_AND_CREATE_SUBSCRIPTIONGROUP(_context, { body }, reply) {
      broker.groups.update([body])
      reply({})
    },
    UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST(_context, { body }, reply) {
      broker.groups.update(body)
      reply({})
    },
    GET_ALL_SUBSCRIPTIONGROUP_CONFIG(_context, _call, reply) {
      const groups = broker.groups.all()
      const dataVersion = { ...broker.store.state.dataVersion('group'), stateVersion: 0 }
      reply({ header: { totalGroupNum: groups.length }, body: { dataVersion, groups } })
    },
    GET_SUBSCRIPTIONGROUP_CONFIG(_context, { header }, reply) {
      const config = broker.groups.get(header.group)
      if (config === null) {
        throw new MqError('MQ_GROUP_NOT_EXIST', `No group in this broker. group: ${header.group}`)
      }
      reply({ body: config })
    },
    DELETE_SUBSCRIPTIONGROUP(_context, { header }, reply) {
      broker.groups.remove(header.groupName)
      if (header.cleanOffset === true) broker.offsets.removeGroup(header.groupName)
      reply({})
    },
    INVOKE_BROKER_TO_RESET_OFFSET({ language }, { header }, reply) {
      const { group, topic, queueId = -1, offset = -1, timestamp, isForce } = header
      const to = queueId >= 0 && offset !== -1 ? { offset } : { timestamp }
      const moved = broker.settings.isOn('useServerSideResetOffset')
        ? resetOffsets(broker, group, topic, queueId >= 0 ? queueId : null, to)
        : pushOffsets(broker, group, topic, timestamp, isForce, language === 'CPP')
      reply({ body: moved.map((each) => ({ topic, brokerName: broker.brokerName, ...each })) })
    },
    GET_BROKER_CONSUME_STATS({ localAddress }, { header }, reply) {
      reply({ body: brokerConsumeStats(broker, localAddress, header.isOrder) })
    },
  }
}

function brokerConsumeStats(broker: Broker, brokerAddr: string, orderedOnly: boolean): BrokerConsumeStats {
  const groups = broker.groups.all().map(({ groupName }) => {
    const topics = broker.offsets.topicsOf(groupName).filter((topic) => {
      const config = broker.topics.get(topic)
      return config !== null && (config.order || !orderedOnly)
    })
    return { group: groupName, stats: topics.map((topic) => consumeStats(broker, groupName, [topic])) }
  })
  const rows = groups.flatMap(({ stats }) => stats.flatMap(({ offsets }) => offsets))
  return {
    brokerAddr,
    totalDiff: rows.reduce((sum, row) => sum + row.brokerOffset - row.consumerOffset, 0),
    totalInflightDiff: rows.reduce((sum, row) => sum + row.pullOffset - row.consumerOffset, 0),
    groups: groups.filter(({ stats }) => stats.length > 0),
  }
}
