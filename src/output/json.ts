export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [field: string]: Json | undefined
}

/** Version of every JSON document: it rises when a field changes its meaning or goes away. */
export const envelopeVersion = 1
