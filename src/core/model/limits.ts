/** Numbers of RocketMQ 5.5.0 that more than one layer must agree on; each line names the Java constant. */
export const limits = {
  /** MessageStoreConfig.maxMessageSize */
  bodySizeMax: 4 * 1024 * 1024,
  /** CommitLog: propertiesLength is a signed short */
  propertiesSizeMax: 32767,
  /** TopicValidator.TOPIC_MAX_LENGTH, in bytes */
  topicSizeMax: 127,
  /** TopicValidator.RETRY_OR_DLQ_TOPIC_MAX_LENGTH */
  retryTopicSizeMax: 255,
  /**
   * Ours; RocketMQ has none. Everyone who lists queues makes an entry for each, brokers and clients alike.
   */
  queueNumsMax: 65_536,
  /** Validators.CHARACTER_MAX_LENGTH of a group */
  groupSizeMax: 120,
  /** NettyDecoder.FRAME_MAX_LENGTH, length field included */
  frameSizeMax: 16_777_216,
  /** MessageStoreConfig.mappedFileSizeCommitLog */
  segmentSizeDefault: 1024 * 1024 * 1024,
  /** CommitLog.END_FILE_MIN_BLANK_LENGTH */
  blankSizeMin: 8,
} as const
