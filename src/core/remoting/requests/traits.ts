import { bool, i32, i64, opt, str, wire } from '../schema.ts'

/** RpcRequestHeader: which every client of 5.x may add. */
export const rpcHeader = {
  ns: opt(str('namespace')),
  nsd: opt(bool('topic and group already carry the namespace')),
  bname: opt(str('broker name the request is meant for')),
  oway: opt(bool('one-way, as the flag says as well')),
}

/** TopicRequestHeader */
export const topicHeader = {
  ...rpcHeader,
  lo: opt(bool('the queue is a logical one of a static topic')),
}

/** SendMessageRequestHeader, as codes 10 and 324 spell it. */
export const sendHeader = {
  ...topicHeader,
  producerGroup: str('group of the producer'),
  topic: str('topic to store in'),
  defaultTopic: str('topic whose queues an unknown topic is made after: TBW102'),
  defaultTopicQueueNums: i32('queues the client wants for a topic made now'),
  queueId: i32('queue to store in; below 0 the broker picks one'),
  sysFlag: i32('compression, transaction and host bits'),
  bornTimestamp: i64('when the producer made it, epoch ms'),
  flag: i32("the user's own flag"),
  properties: opt(str('property section of the record')),
  reconsumeTimes: opt(i32('how often it was consumed before, absent: 0')),
  unitMode: opt(bool('sent by a unit of a multi-site deployment')),
  batch: opt(bool('the body is a batch')),
  maxReconsumeTimes: opt(i32('of the group that sends it back')),
}

/** SendMessageRequestHeaderV2: the same fields under single letters, what every client since 3.x sends. */
export const sendHeaderV2 = {
  ...topicHeader,
  producerGroup: wire('a', sendHeader.producerGroup),
  topic: wire('b', sendHeader.topic),
  defaultTopic: wire('c', sendHeader.defaultTopic),
  defaultTopicQueueNums: wire('d', sendHeader.defaultTopicQueueNums),
  queueId: wire('e', sendHeader.queueId),
  sysFlag: wire('f', sendHeader.sysFlag),
  bornTimestamp: wire('g', sendHeader.bornTimestamp),
  flag: wire('h', sendHeader.flag),
  properties: wire('i', sendHeader.properties),
  reconsumeTimes: wire('j', sendHeader.reconsumeTimes),
  unitMode: wire('k', sendHeader.unitMode),
  maxReconsumeTimes: wire('l', sendHeader.maxReconsumeTimes),
  batch: wire('m', sendHeader.batch),
  brokerName: opt(wire('n', str('broker name the request is meant for'))),
}

export const sendReplyHeader = {
  msgId: str('offset id; of a batch one per message, joined with commas'),
  queueId: i32('queue it is in'),
  queueOffset: i64('its place there; of a batch the first one'),
  transactionId: opt(str('unique key the producer gave the message, or the batch')),
  batchUniqId: opt(str('unique key of an inner batch')),
  recallHandle: opt(str('to take a delayed message back with')),
  // loose extra fields of every send answer, refusals included (measured on 5.5.0)
  MSG_REGION: opt(str('region of the broker')),
  TRACE_ON: opt(str('true: the producer should trace')),
  DUPLICATE: opt(str('ours, true: one with its DEDUP_KEY was stored before, and is what the answer names')),
}

export const pullHeader = {
  ...topicHeader,
  consumerGroup: str('group that pulls'),
  topic: str('topic to read'),
  queueId: i32('queue to read'),
  queueOffset: i64('first queue offset wanted'),
  maxMsgNums: i32('messages wanted at most'),
  sysFlag: i32('1 commit offset, 2 suspend, 4 subscription, 8 class filter, 16 lite pull'),
  commitOffset: i64('with flag 1: offset the group has consumed up to'),
  suspendTimeoutMillis: i64('with flag 2: how long to wait for a message'),
  subscription: opt(str('with flag 4: filter expression')),
  subVersion: i64('version of the subscription, epoch ms'),
  expressionType: opt(str('TAG or SQL92, absent: TAG')),
  maxMsgBytes: opt(i32('bytes wanted at most')),
  requestSource: opt(i32('a proxy asks on behalf of a client')),
  proxyFrowardClientId: opt(str('that client; spelt so')),
  liteTopic: opt(str('5.5.0: lite topic')),
}

export const pullReplyHeader = {
  suggestWhichBrokerId: i64('broker id to pull from next'),
  nextBeginOffset: i64('offset to pull next'),
  minOffset: i64('first offset of the queue'),
  maxOffset: i64('offset behind the last one'),
  offsetDelta: opt(i64('of static topics: logical minus physical')),
  topicSysFlag: opt(i32('when not 0')),
  groupSysFlag: opt(i32('when not 0')),
  forbiddenType: opt(i32('who forbade it: 1 broker, 2 group, 3 topic, 4 broadcasting, 5 subscription')),
}
