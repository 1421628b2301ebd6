import {
  clientCheck,
  consumeMessageDirectlyResult,
  consumerConnection,
  consumerIdList,
  heartbeatData,
  kvTable,
} from '../bodies/bodies.ts'
import { i32, opt, request, str } from '../schema.ts'
import { rpcHeader, topicHeader } from './traits.ts'

export const clientRequests = {
  HEART_BEAT: request({
    code: 34,
    to: 'broker',
    impact: 'rw',
    about: 'A client says who it is: every 30 s and after changes.',
    header: rpcHeader,
    body: heartbeatData,
    reply: {
      header: {
        IS_SUPPORT_HEART_BEAT_V2: opt(str('true: later heartbeats may leave the subscriptions out')),
        IS_SUB_CHANGE: opt(str('true: send the subscriptions again')),
      },
    },
  }),
  UNREGISTER_CLIENT: request({
    code: 35,
    to: 'broker',
    impact: 'rw',
    about: 'A client leaves its groups.',
    header: {
      ...rpcHeader,
      clientID: str('client'),
      producerGroup: opt(str('group it leaves as producer')),
      consumerGroup: opt(str('group it leaves as consumer')),
    },
    reply: {},
  }),
  GET_CONSUMER_LIST_BY_GROUP: request({
    code: 38,
    to: 'broker',
    impact: 'ro',
    about: 'Client ids of the members of a group.',
    header: { ...rpcHeader, consumerGroup: str('group') },
    reply: { body: consumerIdList },
  }),
  NOTIFY_CONSUMER_IDS_CHANGED: request({
    code: 40,
    to: 'client',
    impact: 'ro',
    about: 'The group has other members or subscriptions than before: share its queues out again. One-way.',
    header: { ...rpcHeader, consumerGroup: str('group') },
    reply: {},
  }),
  CHECK_CLIENT_CONFIG: request({
    code: 46,
    to: 'broker',
    impact: 'ro',
    about: 'Whether the broker understands the filter of a consumer that starts.',
    header: rpcHeader,
    body: clientCheck,
    reply: {},
  }),
  GET_CONSUMER_CONNECTION_LIST: request({
    code: 203,
    to: 'broker',
    impact: 'ro',
    about: 'Connections and subscriptions of a group.',
    header: { ...rpcHeader, consumerGroup: str('group') },
    reply: { body: consumerConnection },
  }),
  CONSUME_MESSAGE_DIRECTLY: request({
    code: 309,
    to: 'broker',
    impact: 'rw',
    about: 'Have one connected consumer consume one stored message now.',
    header: {
      ...topicHeader,
      consumerGroup: str('group'),
      clientId: opt(str('which member')),
      msgId: opt(str('offset id')),
      brokerName: opt(str('broker that holds the message')),
      topic: opt(str('topic of the message')),
      topicSysFlag: opt(i32('of the topic')),
      groupSysFlag: opt(i32('of the group')),
    },
    reply: { body: consumeMessageDirectlyResult },
  }),
  GET_BROKER_RUNTIME_INFO: request({
    code: 28,
    to: 'broker',
    impact: 'ro',
    about: 'Counters and states of a broker.',
    header: {},
    reply: { body: kvTable },
  }),
}
