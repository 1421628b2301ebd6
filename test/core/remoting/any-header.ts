import fc from 'fast-check'
import type { Field, Fields } from '../../../src/core/remoting/schema.ts'

function fieldValue({ kind, required }: Field): fc.Arbitrary<string | number | boolean | undefined> {
  const value = {
    str: fc.string({ unit: 'binary' }),
    i32: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
    i64: fc.maxSafeInteger(),
    bool: fc.boolean(),
  }[kind]
  return required ? value : fc.option<string | number | boolean, undefined>(value, { nil: undefined })
}

/** Values for a row's header. */
export function anyHeader(
  fields: Fields,
): fc.Arbitrary<Record<string, string | number | boolean | undefined>> {
  return fc.record(
    Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fieldValue(field)])),
  )
}
