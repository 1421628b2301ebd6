import type { Handlers } from '../../remoting/handlers.ts'
import type { Broker } from '../broker.ts'

/** The topic half of AdminBrokerProcessor: 17, 300. */
export function topicHandlers(broker: Broker): Handlers {
  return {
    UPDATE_AND_CREATE_TOPIC(_context, { header }, reply) {
      broker.topics.update({
        topicName: header.topic,
        readQueueNums: header.readQueueNums,
        writeQueueNums: header.writeQueueNums,
        perm: header.perm,
        topicFilterType: header.topicFilterType === 'MULTI_TAG' ? 'MULTI_TAG' : 'SINGLE_TAG',
        topicSysFlag: header.topicSysFlag ?? 0,
        order: header.order,
        attributes: parseAttributes(header.attributes ?? ''),
      })
      reply({})
    },
    QUERY_TOPIC_CONSUME_BY_WHO(_context, { header }, reply) {
      const groups = new Set([
        ...broker.clients.groupsOf(header.topic),
        ...broker.offsets.groupsOf(header.topic),
      ])
      reply({ body: [...groups] })
    },
  }
}

/** `+key=value,-key`: AttributeParser.parseToMap. */
function parseAttributes(text: string): Record<string, string> {
  const attributes = Object.create(null) as Record<string, string>
  for (const part of text.split(',')) {
    if (part === '') continue
    const split = part.indexOf('=')
    if (split === -1) attributes[part] = ''
    else attributes[part.slice(0, split)] = part.slice(split + 1)
  }
  return attributes
}
