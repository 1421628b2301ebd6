/** A typed array's content in one of twice the length. */
export function grown<T extends { readonly length: number; set(from: T): void }>(
  column: T,
  make: new (length: number) => T,
): T {
  const twice = new make(column.length * 2)
  twice.set(column)
  return twice
}
