/** Where half messages lie, queue 0; TopicValidator.RMQ_SYS_TRANS_HALF_TOPIC */
export const halfTopic = 'RMQ_SYS_TRANS_HALF_TOPIC'
