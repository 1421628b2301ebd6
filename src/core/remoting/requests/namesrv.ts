import { clusterInfo, kvTable, topicList, topicRouteData } from '../bodies/bodies.ts'
import { brokerMemberGroup, dataVersion } from '../bodies/broker-registration.ts'
import { bytes } from '../bodies/codecs.ts'
import { bool, i32, i64, opt, request, str } from '../schema.ts'
import { topicHeader } from './traits.ts'

/** UnRegisterBrokerRequestHeader, QueryDataVersionRequestHeader */
const brokerHeader = {
  brokerName: str('broker name'),
  brokerAddr: str('host:port of the broker'),
  clusterName: str('cluster of the broker'),
  brokerId: i64('0 is the master'),
}

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
  REGISTER_BROKER: request({
    code: 103,
    to: 'namesrv',
    impact: 'rw',
    about: 'A broker says who it is and what topics it has: at start, every 30 s and after changes.',
    header: {
      ...brokerHeader,
      haServerAddr: str('where slaves copy from'),
      heartbeatTimeoutMillis: opt(i64('dropped after so long without a word; absent: 120 s')),
      enableActingMaster: opt(bool('a slave may stand in for the master; absent: a broker before 5.0')),
      compressed: opt(bool('the body is a zlib stream')),
      bodyCrc32: opt(i32('CRC-32 of the body as sent, without its sign bit; 0 or absent: not checked')),
    },
    body: bytes('RegisterBrokerBody: JSON, or compressed lines of text'),
    reply: {
      header: {
        haServerAddr: opt(str('for a slave: where its master is copied from')),
        masterAddr: opt(str('for a slave: its master')),
      },
      body: kvTable,
    },
  }),
  UNREGISTER_BROKER: request({
    code: 104,
    to: 'namesrv',
    impact: 'rw',
    about: 'A broker goes.',
    header: brokerHeader,
    reply: {},
  }),
  QUERY_DATA_VERSION: request({
    code: 322,
    to: 'namesrv',
    impact: 'ro',
    about: 'A broker asks whether its topics are known as they are; counts as a sign of life.',
    header: brokerHeader,
    body: dataVersion,
    reply: { header: { changed: bool('true: register again') }, body: dataVersion },
  }),
  GET_BROKER_MEMBER_GROUP: request({
    code: 901,
    to: 'namesrv',
    impact: 'ro',
    about: 'The addresses of a broker name, master and slaves.',
    header: { clusterName: str('cluster'), brokerName: str('broker name') },
    reply: { body: brokerMemberGroup },
  }),
  BROKER_HEARTBEAT: request({
    code: 904,
    to: 'namesrv',
    impact: 'rw',
    about: 'A broker is alive.',
    header: {
      clusterName: str('cluster of the broker'),
      brokerAddr: str('host:port of the broker'),
      brokerName: str('broker name'),
      brokerId: opt(i64('0 is the master')),
      epoch: opt(i32('for a controller')),
      maxOffset: opt(i64('for a controller')),
      confirmOffset: opt(i64('for a controller')),
      heartbeatTimeoutMills: opt(i64('for a controller; spelt so')),
      electionPriority: opt(i32('for a controller')),
    },
    reply: {},
  }),
  WIPE_WRITE_PERM_OF_BROKER: request({
    code: 205,
    to: 'namesrv',
    impact: 'rw',
    about: 'Take the write permission from all queues of a broker, until it registers changed topics.',
    header: { brokerName: str('broker name') },
    reply: { header: { wipeTopicCount: i32('topics of the broker') } },
  }),
  ADD_WRITE_PERM_OF_BROKER: request({
    code: 327,
    to: 'namesrv',
    impact: 'rw',
    about: 'Make all queues of a broker readable and writable.',
    header: { brokerName: str('broker name') },
    reply: { header: { addTopicCount: i32('topics of the broker') } },
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
