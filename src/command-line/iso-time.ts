const isoForm = /^(\d{4}-\d\d-\d\d)(?:[T ]([\d:.]+)(Z|[+-]\d\d:?\d\d)?)?$/

/**
 * ISO 8601, also with a blank for the T, in this machine's zone unless it ends in one: JavaScript has a date
 * alone begin in UTC.
 * @returns epoch ms; null: it is none
 */
export function isoTime(text: string): number | null {
  const [, date, time = '00:00', zone = ''] = isoForm.exec(text) ?? []
  const parsed = date === undefined ? NaN : Date.parse(`${date}T${time}${zone}`)
  return Number.isNaN(parsed) ? null : parsed
}
