/**
 * What a server tells whoever runs it, beside its answers.
 * @param event a word that stays, for machines; `details` likewise
 * @param message one line for people
 */
export type Log = (
  level: 'info' | 'warn' | 'error',
  event: string,
  message: string,
  details?: Readonly<Record<string, string | number>>,
) => void

export const silentLog: Log = () => undefined
