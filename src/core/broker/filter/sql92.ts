import { MqError } from '../../errors.ts'
import { propertyReader } from '../../model/properties.ts'
import { recordPlaces } from '../../model/record.ts'
import { matchesSql92 } from '../../model/sql92/evaluate.ts'
import type { Expression } from '../../model/sql92/expression.ts'
import { Sql92SyntaxError } from '../../model/sql92/lexer.ts'
import { parseSql92 } from '../../model/sql92/parser.ts'
import type { MessageFilter } from './message-filter.ts'

/** SelectorParser.PARSE_CACHE: each pull brings its expression along, and a consumer's is always the same. */
const cachedMax = 100
const cache = new Map<string, MessageFilter>()

/**
 * Decides on the properties of the stored record, each read where it stands when it is asked for. A pull that
 * brings a wrong expression along is refused; a RocketMQ broker, whose check is an `assert`, sends it all.
 * @throws MQ_SUBSCRIPTION_PARSE_FAILED
 */
export function sql92Filter(text: string): MessageFilter {
  const known = cache.get(text)
  if (known !== undefined) return known
  const filter: MessageFilter = { entry: () => true, record: recordFilter(parse(text)) }
  if (cache.size >= cachedMax) cache.delete(cache.keys().next().value!)
  cache.set(text, filter)
  return filter
}

function parse(text: string): Expression {
  try {
    return parseSql92(text).expression
  } catch (error) {
    if (!(error instanceof Sql92SyntaxError)) throw error
    throw new MqError('MQ_SUBSCRIPTION_PARSE_FAILED', `SQL92, ${error.message}`, {
      ...(error.hint !== null && { hint: error.hint }),
    })
  }
}

function recordFilter(expression: Expression): (record: Buffer) => boolean {
  const readers = new Map<string, (section: string) => string | null>()
  let section = ''
  const property = (name: string): string | null => {
    let read = readers.get(name)
    if (read === undefined) readers.set(name, (read = propertyReader(name)))
    return read(section)
  }
  return (record) => {
    const { propertiesAt, end } = recordPlaces(record, 0)
    section = record.toString('utf8', propertiesAt, end)
    return matchesSql92(expression, property)
  }
}
