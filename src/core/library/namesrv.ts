import { MqError } from '../errors.ts'

/** Name servers: `host:port`, several joined with `;` or as a list. */
export type Namesrv = string | readonly string[]

/** @throws MQ_TARGET */
export function namesrvAddresses(namesrv: Namesrv): string[] {
  const addresses = (typeof namesrv === 'string' ? namesrv.split(';') : [...namesrv]).map((each) =>
    each.trim(),
  )
  const named = addresses.filter((address) => address !== '')
  if (named.length === 0) throw new MqError('MQ_TARGET', 'no name server is named')
  return named
}
