/** One column of a Java format: what stands before it, its width, and the side its text is on. */
export interface Piece {
  readonly gap: string
  readonly width: number
  readonly left: boolean
}

/** Reads `%-32s  %4s`; only strings and blanks, which is all mqadmin's tables have. */
export function parsePieces(format: string): readonly Piece[] {
  return [...format.matchAll(/([^%]*)%(-?)(\d*)[sd]/g)].map(([, gap = '', minus, width]) => ({
    gap,
    width: width === '' ? 0 : Number(width),
    left: minus === '-',
  }))
}

/** A line without its line feed. Pads and never cuts, as Java's `%-32s`. */
export function formatLine(pieces: readonly Piece[], cells: readonly string[]): string {
  let line = ''
  for (const [i, piece] of pieces.entries()) {
    const cell = cells[i] ?? ''
    line += piece.gap + (piece.left ? cell.padEnd(piece.width) : cell.padStart(piece.width))
  }
  return line
}
