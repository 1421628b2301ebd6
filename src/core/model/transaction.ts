/** Where half messages lie, queue 0; TopicValidator.RMQ_SYS_TRANS_HALF_TOPIC */
export const halfTopic = 'RMQ_SYS_TRANS_HALF_TOPIC'

/** Which half messages are decided, queue 0; TopicValidator.RMQ_SYS_TRANS_OP_HALF_TOPIC */
export const opTopic = 'RMQ_SYS_TRANS_OP_HALF_TOPIC'

/** Half messages that nobody decided; TopicValidator.RMQ_SYS_TRANS_CHECK_MAX_TIME_TOPIC */
export const undecidedTopic = 'TRANS_CHECK_MAX_TIME_TOPIC'

/** Its offset: all half messages before it are decided; TransactionalMessageUtil.buildConsumerGroup */
export const transactionGroup = 'CID_RMQ_SYS_TRANS'

/** Tag of an operation that decides; TransactionalMessageUtil.REMOVE_TAG */
export const decidedTag = 'd'

/** BrokerConfig.transactionTimeOut: nobody is asked about a younger half message. */
export const checkAfterMs = 6000

/** What a producer says about its half message; MessageSysFlag's transaction types. */
export const Decision = { unknown: 0, commit: 8, rollback: 12 } as const

/** Queue offsets of half messages that an operation's body lists: `12,15,`. Others are left out. */
export function decidedOffsets(body: Buffer): number[] {
  const words = body.toString('latin1').split(',')
  return words.filter((word) => /^\d+$/.test(word)).map(Number)
}
