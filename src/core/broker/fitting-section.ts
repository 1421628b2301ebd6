import { limits } from '../model/limits.ts'
import { formatProperties } from '../model/properties.ts'
import { crcPropertySize } from '../model/record.ts'

/**
 * The property section of a message that is stored once more, with what a broker adds. The one that was taken
 * may have filled its record, and one that no log takes would keep all behind it waiting for ever.
 * @param dispensable left out in this order, for as long as the section does not fit
 */
export function fittingSection(
  properties: Readonly<Record<string, string>>,
  dispensable: readonly string[],
): string {
  const left = { ...properties }
  let section = formatProperties(left)
  for (const name of dispensable) {
    if (Buffer.byteLength(section) + crcPropertySize <= limits.propertiesSizeMax) break
    Reflect.deleteProperty(left, name)
    section = formatProperties(left)
  }
  return section
}
