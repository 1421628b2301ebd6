import { MqError } from '../core/errors.ts'

/** AttributeParser: signs stay on the keys, they say what to do with them. */
export function parseAttributes(text: string): Readonly<Record<string, string>> {
  const attributes: Record<string, string> = {}
  for (const part of text === '' ? [] : text.split(',')) {
    const [, key, value] = /^(\+[^=+]+)=(.+)$/.exec(part) ?? /^(-[^=-][^=]*)()$/.exec(part) ?? []
    if (key === undefined || value === undefined) {
      throw new MqError('MQ_USAGE', `attribute "${part}" is neither +key=value nor -key`)
    }
    if (key in attributes) throw new MqError('MQ_USAGE', `attribute "${key}" is given twice`)
    attributes[key] = value
  }
  return attributes
}
