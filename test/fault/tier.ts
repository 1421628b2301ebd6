/** What a run was started with. */
export const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)

const full = process.env['FULL'] === '1'

/** How many times: few in the tier of every commit, all with FULL=1, or as the variable says. */
export function count(name: string, bounded: number, all: number): number {
  return Number(process.env[name] ?? (full ? all : bounded))
}

/** Runs `act` with a seed of its own; a failure says how to repeat it. */
export async function seeded(n: number, act: (seed: number) => unknown): Promise<void> {
  const own = (seed + n * 7919) >>> 0
  try {
    await act(own)
  } catch (error) {
    const repeat = `repeat with SEED=${seed}${process.env['FULL'] === '1' ? ' FULL=1' : ''} (round ${n}, ${own})`
    throw new Error(`${(error as Error).message}\n${repeat}`, { cause: error })
  }
}
