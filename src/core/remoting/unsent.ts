/** Answers that one peer has not read: beyond this its requests wait. One more may come on top. */
const ownMaxDefault = 16 * 1024 * 1024
/** With so much unread by all together, a peer that has not read this much waits at once. */
const crowdedAt = 16 * 1024 * 1024
const ownMaxWhenCrowded = 64 * 1024
/** Then nobody is given messages: SYSTEM_BUSY instead of growing. */
const fullAt = 64 * 1024 * 1024

/**
 * What the connections of a server have been given and their peers have not read, in bytes. What has been
 * taken and not answered need not be counted: sends are written and answered in the turn that they come in.
 */
export class Unsent {
  #total = 0
  readonly #ownMax: number

  constructor(ownMax = ownMaxDefault) {
    this.#ownMax = ownMax
  }

  changed(by: number): void {
    this.#total += by
  }

  /** Whether a connection with `own` of it may be read from. */
  allows(own: number): boolean {
    return own <= (this.#total > crowdedAt ? Math.min(ownMaxWhenCrowded, this.#ownMax) : this.#ownMax)
  }

  get full(): boolean {
    return this.#total > fullAt
  }
}
