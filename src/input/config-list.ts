import { MqError } from '../core/errors.ts'

/** Reads the members of one object of a user's file; each says what is wrong with it, and where. */
export class ConfigReader {
  readonly #members: Readonly<Record<string, unknown>>
  readonly #where: string

  constructor(members: unknown, where: string) {
    this.#where = where
    if (typeof members !== 'object' || members === null || Array.isArray(members))
      throw this.#fault('is no object')
    this.#members = members as Record<string, unknown>
  }

  text(name: string): string {
    const value = this.#members[name]
    if (typeof value === 'string' && value !== '') return value
    throw this.#fault(`needs a text "${name}"`)
  }

  count(name: string, fallback: number): number {
    const value = this.#members[name] ?? fallback
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    throw this.#fault(`has "${name}" that is no whole number`)
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#members[name] ?? fallback
    if (typeof value === 'boolean') return value
    throw this.#fault(`has "${name}" that is neither true nor false`)
  }

  /** Attributes as RocketMQ keeps them have no sign; an update needs one. */
  texts(name: string): Readonly<Record<string, string>> {
    const value = this.object(name) ?? {}
    const entries = Object.entries(value)
    const bad = entries.find(([, text]) => typeof text !== 'string')
    if (bad !== undefined) throw this.#fault(`has "${name}.${bad[0]}" that is no text`)
    return Object.fromEntries(
      entries.map(([key, text]) => [/^[+-]/.test(key) ? key : `+${key}`, text as string]),
    )
  }

  /** The object as it is; null: absent. */
  object(name: string): Readonly<Record<string, unknown>> | null {
    const value = this.#members[name] ?? null
    if (value !== null && (typeof value !== 'object' || Array.isArray(value)))
      throw this.#fault(`has "${name}" that is no object`)
    return value as Readonly<Record<string, unknown>> | null
  }

  #fault(what: string): MqError {
    return new MqError('MQ_INPUT', `${this.#where} ${what}`)
  }
}

/** @throws MQ_INPUT */
export function parseJsonFile(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new MqError('MQ_INPUT', `${path} is no JSON: ${(error as Error).message}`)
  }
}

/** A JSON array of configurations. @throws MQ_INPUT */
export function readConfigs<T>(text: string, path: string, read: (from: ConfigReader) => T): T[] {
  const parsed = parseJsonFile(text, path)
  if (!Array.isArray(parsed) || parsed.length === 0)
    throw new MqError('MQ_INPUT', `${path} is no JSON array of configurations`)
  return parsed.map((item, i) => read(new ConfigReader(item, `${path}: item ${i + 1}`)))
}
