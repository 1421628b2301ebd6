import { clusterInfo, kvTable, topicList, topicRouteData } from '../bodies/bodies.ts'
import { bool, opt, request, str } from '../schema.ts'
import { topicHeader } from './traits.ts'

export const namesrvRequests = {
  PUT_KV_CONFIG: request({
    code: 100,
    to: 'namesrv',
    impact: 'rw',
    about: 'Set one entry of a namespace.',
    header: { namespace: str('namespace'), key: str('key'), value: str('value') },
    reply: {},
  }),
  GET_KV_CONFIG: request({
    code: 101,
    to: 'namesrv',
    impact: 'ro',
    about: 'One entry of a namespace.',
    header: { namespace: str('namespace'), key: str('key') },
    reply: { header: { value: opt(str('value')) } },
  }),
  DELETE_KV_CONFIG: request({
    code: 102,
    to: 'namesrv',
    impact: 'rw',
    about: 'Remove one entry of a namespace.',
    header: { namespace: str('namespace'), key: str('key') },
    reply: {},
  }),
  GET_KVLIST_BY_NAMESPACE: request({
    code: 219,
    to: 'namesrv',
    impact: 'ro',
    about: 'All entries of a namespace.',
    header: { namespace: str('namespace') },
    reply: { body: kvTable },
  }),
  DELETE_TOPIC_IN_NAMESRV: request({
    code: 216,
    to: 'namesrv',
    impact: 'rw',
    about: 'Forget where a topic is; brokers keep it.',
    header: { ...topicHeader, topic: str('topic'), clusterName: opt(str('of this cluster only')) },
    reply: {},
  }),
  GET_TOPICS_BY_CLUSTER: request({
    code: 224,
    to: 'namesrv',
    impact: 'ro',
    about: 'Names of the topics of a cluster.',
    header: { cluster: str('cluster') },
    reply: { body: topicList },
  }),
  GET_ROUTEINFO_BY_TOPIC: request({
    code: 105,
    to: 'namesrv',
    impact: 'ro',
    about: 'Brokers and queues of a topic.',
    header: {
      ...topicHeader,
      topic: str('topic'),
      acceptStandardJsonOnly: opt(bool('quoted keys wanted')),
    },
    reply: { body: topicRouteData },
  }),
  GET_BROKER_CLUSTER_INFO: request({
    code: 106,
    to: 'namesrv',
    impact: 'ro',
    about: 'All brokers, by cluster.',
    header: {},
    reply: { body: clusterInfo },
  }),
  GET_ALL_TOPIC_LIST_FROM_NAMESERVER: request({
    code: 206,
    to: 'namesrv',
    impact: 'ro',
    about: 'Names of all topics.',
    header: {},
    reply: { body: topicList },
  }),
}
