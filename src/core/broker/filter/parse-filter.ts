import { MqError } from '../../errors.ts'
import type { MessageFilter } from './message-filter.ts'
import { sql92Filter } from './sql92.ts'
import { tagFilter } from './tag.ts'

/**
 * @param type TAG, as an empty one is too, or SQL92: RocketMQ's enablePropertyFilter is always on
 * @throws MQ_SUBSCRIPTION_PARSE_FAILED
 */
export function parseFilter(type: string, expression: string): MessageFilter {
  if (type === '' || type === 'TAG') return tagFilter(expression)
  if (type === 'SQL92') return sql92Filter(expression)
  throw new MqError('MQ_SUBSCRIPTION_PARSE_FAILED', `unknown expression type: ${type}`)
}
