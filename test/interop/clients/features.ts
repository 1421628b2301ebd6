import { consuming } from './consuming.ts'
import { producing } from './producing.ts'
import type { World } from './world.ts'

export interface Feature {
  readonly name: string
  /** For the reader of docs/clients.md. */
  readonly note?: string
  /** Throws UnsupportedError where the client has no such feature. */
  run(world: World): Promise<void>
}

/** THE TABLE: what every client is tried with, by the heading it has in docs/clients.md. */
export const features: Readonly<Record<string, readonly Feature[]>> = {
  Producers: producing,
  Consumers: consuming,
}
