import { isIPv4, isIPv6 } from 'node:net'

/** Address bytes and int32 port, as a record holds them: 8 bytes for IPv4, 20 for IPv6. */
export type HostBytes = Buffer

export function isHostV6(host: HostBytes): boolean {
  return host.length === 20
}

/** `127.0.0.1:10911` or `[::1]:10911`. @throws TypeError for anything else: addresses come from sockets. */
export function parseHost(text: string): HostBytes {
  const [, bracketed, plain, digits] = /^(?:\[(.*)\]|([^[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === undefined || port > 65535) throw new TypeError(`not ip:port: ${text}`)
  return hostOf(bracketed ?? plain!, port)
}

/** From what a socket says of itself; an IPv4 address mapped into IPv6 is IPv4. */
export function hostOf(address: string, port: number): HostBytes {
  const mapped = address.startsWith('::ffff:') ? address.slice(7) : address
  if (isIPv4(mapped)) {
    const host = Buffer.allocUnsafe(8)
    mapped.split('.').forEach((part, i) => host.writeUInt8(Number(part), i))
    host.writeInt32BE(port, 4)
    return host
  }
  if (!isIPv6(address)) throw new TypeError(`not an ip address: ${address}`)
  const host = Buffer.alloc(20)
  const zone = address.indexOf('%')
  ipv6Groups(zone === -1 ? address : address.slice(0, zone)).forEach((group, i) =>
    host.writeUInt16BE(group, i * 2),
  )
  host.writeInt32BE(port, 16)
  return host
}

function ipv6Groups(address: string): number[] {
  const tail = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const text = tail
    ? address.slice(0, tail.index) +
      ((Number(tail[1]) << 8) | Number(tail[2])).toString(16) +
      ':' +
      ((Number(tail[3]) << 8) | Number(tail[4])).toString(16)
    : address
  const [head = '', rest] = text.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = rest === undefined || rest === '' ? [] : rest.split(':')
  const zeros = rest === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].map((group) =>
    parseInt(group, 16),
  )
}

export function formatHost(host: HostBytes): string {
  if (host.length === 8) {
    return `${host[0]!}.${host[1]!}.${host[2]!}.${host[3]!}:${host.readInt32BE(4)}`
  }
  const groups: string[] = []
  for (let i = 0; i < 16; i += 2) groups.push(host.readUInt16BE(i).toString(16))
  return `[${compressZeros(groups)}]:${host.readInt32BE(16)}`
}

/** RFC 5952: the longest run of two or more zero groups becomes `::`. */
function compressZeros(groups: readonly string[]): string {
  let best = -1
  let bestLength = 1
  for (let i = 0; i < 8; i++) {
    let length = 0
    while (i + length < 8 && groups[i + length] === '0') length++
    if (length > bestLength) [best, bestLength] = [i, length]
    i += length
  }
  if (best === -1) return groups.join(':')
  return `${groups.slice(0, best).join(':')}::${groups.slice(best + bestLength).join(':')}`
}
