import { parseLines } from 'dot-properties'

/**
 * Text as java.util.Properties reads it, with its escapes; the last of a name counts. Without a prototype: a
 * property called `__proto__` is one like any other, for whoever refuses unknown names.
 */
export function parseProperties(text: string): Record<string, string> {
  const properties = Object.create(null) as Record<string, string>
  for (const line of parseLines(text)) {
    if (!Array.isArray(line)) continue // blank, or a comment
    const [name, value] = line
    properties[name!] = value!
  }
  return properties
}
