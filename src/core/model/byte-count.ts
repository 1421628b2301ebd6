const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
}

/** What `4096`, `64k`, `1g` or `2T` says, bytes; null for anything else. */
export function byteCount(text: string): number | null {
  const [, digits, unit] = /^(\d+)([kmgt]?)$/.exec(text.trim().toLowerCase()) ?? []
  const count = Number(digits) * unitBytes[unit ?? '']!
  return Number.isSafeInteger(count) ? count : null
}
