import { bytes } from '../bodies/codecs.ts'
import { i64, request, str } from '../schema.ts'
import { sendHeader, sendHeaderV2, sendReplyHeader } from './traits.ts'

const replyBody = bytes('body of the reply')
const { producerGroup, topic, defaultTopic, defaultTopicQueueNums, queueId, sysFlag } = sendHeader
const { bornTimestamp, flag, properties, reconsumeTimes, unitMode } = sendHeader

export const replyRequests = {
  SEND_REPLY_MESSAGE: request({
    code: 324,
    to: 'broker',
    impact: 'rw',
    about: 'Answer a message that was sent as a request; what clients before V2 send.',
    header: sendHeader,
    body: replyBody,
    reply: { header: sendReplyHeader },
  }),
  SEND_REPLY_MESSAGE_V2: request({
    code: 325,
    to: 'broker',
    impact: 'rw',
    about: 'Answer a message that was sent as a request.',
    header: sendHeaderV2,
    body: replyBody,
    reply: { header: sendReplyHeader },
  }),
  PUSH_REPLY_MESSAGE_TO_CLIENT: request({
    code: 326,
    to: 'client',
    impact: 'ro',
    about: 'The answer to a message that the client sent as a request.',
    header: {
      ...{ producerGroup, topic, defaultTopic, defaultTopicQueueNums, queueId, sysFlag },
      ...{ bornTimestamp, flag, properties, reconsumeTimes, unitMode },
      bornHost: str('ip:port of who answers'),
      storeHost: str('ip:port of the broker'),
      storeTimestamp: i64('when the broker had it, epoch ms'),
    },
    body: replyBody,
    reply: {},
  }),
}
