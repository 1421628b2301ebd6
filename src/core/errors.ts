/**
 * THE error table: one row an error a user can meet, with the exit status of the process, the RocketMQ
 * response code it travels as (null: never sent by a server), and what to do about it.
 *
 * Exit statuses are frozen: 0 done, 1 failed, 2 usage, 3 partly done, 4 no such thing, 5 unreachable,
 * 6 timed out, 7 check or assertion false, 130 interrupted. A test keeps README's list of
 * them equal.
 */
export interface ErrorRow {
  readonly exit: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130
  /** RocketMQ's ResponseCode, remoting.protocol.ResponseCode. */
  readonly responseCode: number | null
  readonly hint: string
}

export const errorTable = {
  MQ_FAILED: { exit: 1, responseCode: 1, hint: 'see the message; run again with DEBUG=* for the stack' },
  MQ_SYSTEM_BUSY: { exit: 1, responseCode: 2, hint: 'the broker is overloaded: try again in a moment' },
  MQ_NOT_SUPPORTED: {
    exit: 1,
    responseCode: 3,
    hint: 'this target cannot do it: see docs or choose another target',
  },
  MQ_FLUSH_DISK_TIMEOUT: {
    exit: 1,
    responseCode: 10,
    hint: 'the message is stored, its flush to disk was not seen in time',
  },
  MQ_SLAVE_NOT_AVAILABLE: {
    exit: 1,
    responseCode: 11,
    hint: 'the message is stored on the master, no slave took it',
  },
  MQ_FLUSH_SLAVE_TIMEOUT: {
    exit: 1,
    responseCode: 12,
    hint: 'the message is stored on the master, the slave was late',
  },
  MQ_MESSAGE_ILLEGAL: {
    exit: 1,
    responseCode: 13,
    hint: 'at most: topic 127 bytes, body 4 MiB, properties 32767 bytes, delay three days',
  },
  MQ_SERVICE_NOT_AVAILABLE: {
    exit: 1,
    responseCode: 14,
    hint: 'the broker does not take writes now: disk full, shutting down, or a slave',
  },
  MQ_NO_PERMISSION: {
    exit: 1,
    responseCode: 16,
    hint: 'look at the permissions of topic, group and broker (updateTopicPerm, updateSubGroup)',
  },
  MQ_TOPIC_NOT_EXIST: {
    exit: 4,
    responseCode: 17,
    hint: 'list topics with `topicList`, create one with `updateTopic -t <topic>`',
  },
  MQ_BROKER_NOT_EXIST: { exit: 4, responseCode: null, hint: 'list brokers with `clusterList`' },
  MQ_CLUSTER_NOT_EXIST: { exit: 4, responseCode: null, hint: 'list clusters with `clusterList`' },
  MQ_QUEUE_NOT_EXIST: {
    exit: 4,
    responseCode: null,
    hint: 'see the queues of a topic with `topicRoute -t <topic>`',
  },
  MQ_PULL_OFFSET_MOVED: {
    exit: 1,
    responseCode: 21,
    hint: 'the offset lies outside of the queue: see `topicRoute` and the offsets in the message',
  },
  MQ_NOT_FOUND: { exit: 4, responseCode: 22, hint: 'nothing is stored under that name or key' },
  MQ_MESSAGE_NOT_FOUND: {
    exit: 4,
    responseCode: null,
    hint: 'check the topic and the id; the message may have expired',
  },
  MQ_SUBSCRIPTION_PARSE_FAILED: {
    exit: 2,
    responseCode: 23,
    hint: "a tag expression is `*`, or tags joined with `||`; one of SQL92 reads price > 10 AND region = 'EU'",
  },
  MQ_SUBSCRIPTION_NOT_EXIST: {
    exit: 4,
    responseCode: 24,
    hint: 'the group has no live subscription to this topic: is its consumer running?',
  },
  MQ_SUBSCRIPTION_NOT_LATEST: {
    exit: 1,
    responseCode: 25,
    hint: 'the consumers of the group disagree: wait for the next heartbeat',
  },
  MQ_GROUP_NOT_EXIST: {
    exit: 4,
    responseCode: 26,
    hint: 'create the group with `updateSubGroup -g <group>`',
  },
  MQ_FILTER_DATA_NOT_EXIST: {
    exit: 2,
    responseCode: 27,
    hint: "mend the consumers' SQL92 expression and start them again",
  },
  MQ_INVALID_PARAMETER: { exit: 2, responseCode: 29, hint: 'see `--help` for what the value may be' },
  MQ_CONSUMER_NOT_ONLINE: { exit: 4, responseCode: 206, hint: 'no member of the group is connected' },
  MQ_CONSUME_MSG_TIMEOUT: { exit: 6, responseCode: 207, hint: 'the consumer did not answer in time' },
  MQ_NO_MESSAGE: { exit: 4, responseCode: 208, hint: 'nothing at that offset' },
  MQ_POLLING_FULL: { exit: 1, responseCode: 209, hint: 'too many consumers wait on that queue' },
  MQ_POLLING_TIMEOUT: { exit: 6, responseCode: 210, hint: 'no message arrived while waiting' },
  MQ_ILLEGAL_OPERATION: {
    exit: 1,
    responseCode: 604,
    hint: 'what it is for is over, or was never there: see the message',
  },
  MQ_USAGE: { exit: 2, responseCode: null, hint: 'see `--help` of the command' },
  MQ_INPUT: { exit: 2, responseCode: null, hint: 'mend the input and send the rest again' },
  MQ_TARGET: {
    exit: 2,
    responseCode: null,
    hint: 'name one target: -n host:port for a cluster, --store DIR for a folder',
  },
  MQ_PARTIAL: {
    exit: 3,
    responseCode: null,
    hint: 'the message says what was done; the rest can be done again',
  },
  MQ_NAMESRV_UNREACHABLE: {
    exit: 5,
    responseCode: null,
    hint: 'is a name server running at that address? Check -n or NAMESRV_ADDR',
  },
  MQ_BROKER_UNREACHABLE: {
    exit: 5,
    responseCode: null,
    hint: 'the route names an address that does not answer from here: check brokerIP1, ports and firewalls',
  },
  MQ_TIMEOUT: { exit: 6, responseCode: null, hint: 'allow more with --timeout' },
  MQ_CHECK_FAILED: { exit: 7, responseCode: null, hint: 'the condition did not hold' },
  MQ_INTERRUPTED: { exit: 130, responseCode: null, hint: 'interrupted' },
  MQ_STORE_UNWRITABLE: {
    exit: 1,
    responseCode: 14,
    hint: 'check that the folder exists, is yours to write, and the disk is not full',
  },
  MQ_STORE_FOREIGN: {
    exit: 1,
    responseCode: null,
    hint: 'take the folder over with `store import`; until then it can only be read',
  },
  MQ_STORE_NOT_FOUND: {
    exit: 4,
    responseCode: null,
    hint: 'check the path; `updateTopic` or `sendMessage` creates a store',
  },
  MQ_STORE_IN_USE: { exit: 1, responseCode: 14, hint: 'wait for the other process, or stop it' },
  MQ_STORE_VERSION: {
    exit: 1,
    responseCode: null,
    hint: 'the folder was written by a newer pocketmq: update this one',
  },
  MQ_STORE_CORRUPT: {
    exit: 1,
    responseCode: null,
    hint: 'copy the folder before anything else, then see what is damaged',
  },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errorTable

const byResponseCode = new Map<number, ErrorCode>()
for (const [code, row] of Object.entries(errorTable)) {
  // the first row of a response code is what it means when it comes over the wire
  if (row.responseCode !== null && !byResponseCode.has(row.responseCode))
    byResponseCode.set(row.responseCode, code as ErrorCode)
}

/** An error for people: one line that says what happened; the table adds exit status and hint. */
export class MqError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  /** The code a server answered with, kept where the table has no row of its own for it. */
  readonly responseCode: number | null

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; cause?: unknown; responseCode?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'MqError'
    this.code = code
    this.hint = options.hint ?? errorTable[code].hint
    this.responseCode = options.responseCode ?? errorTable[code].responseCode
  }

  get exit(): number {
    return errorTable[this.code].exit
  }

  /** What a server's answer means here; codes without a row become MQ_FAILED and keep their number. */
  static fromResponse(responseCode: number, remark: string | null, about: string): MqError {
    const code = byResponseCode.get(responseCode) ?? 'MQ_FAILED'
    const text = remark === null || remark === '' ? `code ${responseCode}` : firstLine(remark)
    return new MqError(code, `${about}: ${text}`, { responseCode })
  }
}

/** Java remarks carry stack traces; the first line is the one meant for people, without blanks around it. */
function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0]!.trim()
}
