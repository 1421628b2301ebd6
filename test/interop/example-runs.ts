import type { MqAdmin } from '../../src/core/index.ts'

/** A class of rocketmq-example, with what shows that it did its work. */
export interface Run {
  /** Its name below org.apache.rocketmq.example, and its arguments. */
  readonly command: string
  /** What it prints; a group of it tells one from the other. Not by lines: some print no end of line. */
  readonly prints?: RegExp
  /** So many different ones, and no more. */
  readonly times?: number
  /** Save so many more, which a race of the example's own may bring. */
  readonly orMore?: number
  /** What it must not print until then. */
  readonly never?: RegExp
  /** For one that prints nothing, or more comes of it than it prints. */
  readonly holds?: (admin: MqAdmin) => Promise<boolean>
  /** It goes on while the others run. */
  readonly stays?: boolean
}

interface Example {
  readonly name: string
  /** Topics that it takes for granted. */
  readonly topics?: readonly string[]
  /** One after the other, on a broker of their own. */
  readonly runs: readonly Run[]
}

const sends = (command: string, times: number, rest: Partial<Run> = {}): Run => ({
  command,
  prints: /SEND_OK, msgId=(\w+)/g,
  times,
  ...rest,
})

const receives = (command: string, times: number, rest: Partial<Run> = {}): Run => ({
  command,
  prints: /UNIQ_KEY=(\w+)/g,
  times,
  ...rest,
})

const fills = (topic: string, tag: string, times: number): Run =>
  sends(`operation.Producer -g filler -t ${topic} -a ${tag} -k key -c ${times}`, times)

/** Whether a topic holds so many. */
const stored =
  (topic: string, count: number) =>
  async (admin: MqAdmin): Promise<boolean> =>
    (await sizeOf(admin, topic)) === count

async function sizeOf(admin: MqAdmin, topic: string): Promise<number> {
  const queues = await admin.messages.queues(topic)
  const ends = await Promise.all(queues.map((queue) => admin.messages.maxOffset(queue)))
  return ends.reduce((sum, end) => sum + end, 0)
}

/** THE TABLE. */
export const examples: readonly Example[] = [
  {
    name: 'quickstart',
    runs: [sends('quickstart.Producer', 1000), receives('quickstart.Consumer', 1000)],
  },
  {
    name: 'ordermessage',
    runs: [
      sends('ordermessage.Producer', 100),
      // that sends to TopicTestjjj; the consumer reads TopicTest, and stops a queue now and then for 3 s
      fills('TopicTest', 'TagB', 4),
      fills('TopicTest', 'TagC', 20),
      receives('ordermessage.Consumer', 20, { never: /TAGS=TagB/ }),
    ],
  },
  {
    name: 'filter, by tag',
    runs: [
      sends('filter.TagFilterProducer', 60),
      receives('filter.TagFilterConsumer', 40, { never: /TAGS=TagB/ }),
    ],
  },
  {
    name: 'filter, by SQL92',
    runs: [
      sends('filter.SqlFilterProducer', 10),
      receives('filter.SqlFilterConsumer', 3, { never: /TAGS=TagC|\ba=[4-9]/ }),
    ],
  },
  {
    name: 'schedule, by level',
    runs: [
      sends('schedule.ScheduledMessageProducer', 100),
      {
        command: 'schedule.ScheduledMessageConsumer',
        prints: /Receive message\[msgId=(\w+) \d+ {2}ms later\]/g,
        times: 100,
      },
    ],
  },
  {
    name: 'schedule, to an exact time',
    runs: [
      sends('schedule.TimerMessageProducer', 10),
      {
        command: 'schedule.TimerMessageConsumer',
        // the producer says 10 s, and takes some of it until it sends the first one
        prints: /Receive message\[msgId=(\w+) (?:9\d{3}|\d{5,}) {2}ms later\]/g,
        times: 10,
        never: /\w (?:[0-8]\d{3}|\d{1,3}) {2}ms/,
      },
    ],
  },
  {
    name: 'transaction',
    runs: [
      // UNKNOW of each; when asked it commits one of three, takes one back, and does not know of the third
      sends('transaction.TransactionProducer', 10, { holds: stored('TopicTest1234', 3) }),
      {
        command: 'operation.Consumer -g readers -t TopicTest1234 -s * -f false',
        prints: /KEYS=(KEY[147]),/g,
        times: 3,
        never: /KEYS=KEY[^147]/,
      },
    ],
  },
  {
    name: 'broadcast',
    runs: [
      fills('TopicTest', 'TagB', 4),
      fills('TopicTest', 'TagC', 20),
      receives('broadcast.PushConsumer', 20, { never: /TAGS=TagB/, stays: true }),
      receives('broadcast.PushConsumer', 20, { never: /TAGS=TagB/ }),
    ],
  },
  {
    name: 'operation, where every second message comes again',
    // made by the first heartbeat, and heard of when the client polls for routes again, after 30 s
    topics: ['%RETRY%group'],
    runs: [
      fills('TopicTest', 'TagA', 20),
      {
        command: 'operation.Consumer -g group -t TopicTest -s * -f true',
        prints: /reconsumeTimes=1,[^[\]]*UNIQ_KEY=(\w+)/g,
        times: 10,
      },
    ],
  },
  {
    name: 'simple.Producer, and a POP consumer',
    runs: [sends('simple.Producer', 128), receives('simple.PopConsumer', 128)],
  },
  {
    name: 'simple.Producer, and push, assigned and subscribed pull consumers',
    topics: ['TopicTest1'],
    runs: [
      sends('simple.Producer', 128),
      fills('TopicTest1', 'TagB', 8),
      receives('simple.PushConsumer', 128),
      receives('simple.LitePullConsumerSubscribe', 128),
      // half of the four queues, one of them from its offset 10 on, unless those ten were asked for before
      receives('simple.LitePullConsumerAssign', 54, { orMore: 10 }),
      receives('simple.LitePullConsumerAssignWithSubExpression', 126),
      {
        command: 'simple.PullScheduleService',
        prints: /queueId=(\d)\]\tPullResult \[pullStatus=FOUND, nextBeginOffset=32/g,
        times: 4,
      },
      // prints nothing, and begins behind the last message
      {
        command: 'simple.PullConsumer',
        holds: async (admin) => {
          const { offsets } = await admin.groups.progress('please_rename_unique_group_name_5', 'TopicTest')
          return offsets.length === 4 && offsets.every(({ consumerOffset }) => consumerOffset === 32)
        },
      },
    ],
  },
  {
    name: 'simple.AsyncProducer and OnewayProducer',
    runs: [
      {
        command: 'simple.AsyncProducer',
        prints: / OK (\w+)/g,
        times: 100,
        holds: stored('Jodie_topic_1023', 100),
      },
      { command: 'simple.OnewayProducer', holds: stored('TopicTest', 100) },
    ],
  },
  {
    name: 'simple.AclClient: what it signs with, a broker without access control does not look at',
    runs: [
      {
        command: 'simple.AclClient',
        prints: /msgId : (\w+) {2}body : Hello world/g,
        times: 128,
        never: /Exception/,
      },
    ],
  },
  {
    name: 'batch',
    runs: [
      sends('batch.SimpleBatchProducer', 1, { holds: stored('BatchTest', 3) }),
      sends('batch.SplitBatchProducer', 8, { holds: stored('BatchTest', 3 + 100_000) }),
    ],
  },
  {
    name: 'tracemessage',
    runs: [
      sends('tracemessage.TraceProducer', 128),
      sends('tracemessage.OpenTracingProducer', 1),
      sends('tracemessage.OpenTracingTransactionProducer', 1, { holds: stored('TopicTest', 130) }),
      receives('tracemessage.OpenTracingPushConsumer', 130),
      receives('tracemessage.TracePushConsumer', 130, {
        holds: async (admin) => (await sizeOf(admin, 'RMQ_SYS_TRACE_TOPIC')) > 0,
      }),
    ],
  },
  {
    name: 'namespace',
    runs: [
      {
        command: 'namespace.ProducerWithNamespace',
        prints: /Topic:NAMESPACE_TOPIC send success, misId is:(\w+)/g,
        times: 100,
        // its second kind of namespace: a header that a proxy reads, and a broker does not
        holds: stored('NAMESPACE_TOPIC', 100),
      },
      {
        command: 'namespace.PullConsumerWithNamespace',
        // of the first queue: at its end it waits 20 s for more
        prints: /Topic is:NAMESPACE_TOPIC, msgId is:(\w+)/g,
        times: 25,
      },
      {
        command: 'namespace.PushConsumerWithNamespace',
        prints: /Msg topic is:NAMESPACE_TOPIC, MsgId is:(\w+), reconsumeTimes is:0/g,
        times: 100,
      },
    ],
  },
  {
    name: 'rpc',
    runs: [
      fills('RequestTopic', 'TagA', 1),
      // there is nobody to answer that one; once it is through, 3 s are enough for the others
      { command: 'rpc.ResponseConsumer', prints: /handle message/g, times: 1, stays: true },
      ...['rpc.RequestProducer', 'rpc.AsyncRequestProducer'].map((command) => ({
        command,
        prints: /request to <RequestTopic> cost: \d+ replyMessage: MessageExt .*CORRELATION_ID=([\w-]+)/g,
        times: 1,
      })),
    ],
  },
  {
    name: 'openmessaging',
    runs: [
      {
        command: 'openmessaging.SimpleProducer',
        prints: /Send async message OK, msgId: (\w+)/g,
        times: 2,
        holds: stored('OMS_HELLO_TOPIC', 3),
      },
      { command: 'openmessaging.SimplePushConsumer', prints: /Received one message: (\w+)/g, times: 3 },
      { command: 'openmessaging.SimplePullConsumer', prints: /Received one message: (\w+)/g, times: 1 },
    ],
  },
  {
    name: 'benchmark',
    runs: [
      {
        command: 'benchmark.Producer -q 1000 -w 2',
        prints: /Send Total: 1000 .*Send Failed: 0 .*Response Failed: 0/g,
        times: 1,
      },
    ],
  },
]
