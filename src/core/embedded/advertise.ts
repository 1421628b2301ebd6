import { lookup } from 'node:dns/promises'
import { MqError } from '../errors.ts'

/** Where clients are sent, when it is not where they are seen to come in: behind a port mapping. */
export interface Advertised {
  /** A name or an address, without brackets. */
  readonly host: string
  /** Null: the one that is listened on. */
  readonly port: number | null
}

/** `host`, `host:port`, `[::1]:port`. @throws MQ_USAGE */
export function parseAdvertised(text: string): Advertised {
  const [, bracketed, plain, digits] =
    /^(?:\[([\da-fA-F:.]+)\]|([^\s:;,/[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const port = digits === undefined ? null : Number(digits)
  if ((bracketed ?? plain) === undefined || (port !== null && (port < 1 || port > 65_535))) {
    throw new MqError('MQ_USAGE', `not an address to advertise: ${JSON.stringify(text)}`, {
      hint: 'write host or host:port, an IPv6 address in brackets',
    })
  }
  return { host: bracketed ?? plain!, port }
}

/** Records and offset ids hold addresses, no names. @throws MQ_USAGE for a name that is not known */
export async function resolveAdvertised({ host, port }: Advertised): Promise<Advertised> {
  try {
    return { host: (await lookup(host)).address, port }
  } catch (cause) {
    throw new MqError('MQ_USAGE', `the advertised host ${host} is not known here`, { cause })
  }
}

export function addressText(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
