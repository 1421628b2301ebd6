import assert from 'node:assert/strict'

/**
 * Judges what a folder holds by what its senders told: openchaos' verdicts lost, unexpected, duplicate,
 * reordered.
 */
export class Oracle {
  readonly #sent = new Set<string>()
  /** `queue offset` to text */
  readonly #acknowledged = new Map<string, string>()
  /** Highest offset a consumer has committed in each queue. */
  readonly #committed = new Map<string, number>()
  readonly waits: number[] = []

  get acknowledged(): number {
    return this.#acknowledged.size
  }

  /** @param lines of a worker that has ended */
  hear(lines: readonly string[]): void {
    for (const line of lines) {
      const [what, a, b, text] = line.split(' ')
      if (what === 's') this.#sent.add(a!)
      else if (what === 'a') {
        const place = `${a} ${b}`
        assert.ok(!this.#acknowledged.has(place), `two messages were acknowledged at ${place}`)
        this.#acknowledged.set(place, text!)
      } else if (what === 'c') {
        const last = this.#committed.get(a!) ?? 0
        assert.ok(Number(b) > last, `queue ${a}: committed ${b} after ${last}`)
        this.#committed.set(a!, Number(b))
      } else if (what === 'w') this.waits.push(Number(a))
      else if (what === 'e') assert.fail(line)
    }
  }

  /** @param lines what a worker with role `look` told */
  judge(lines: readonly string[]): void {
    const found = new Map<string, string>()
    const ends = new Map<string, number>()
    const texts = new Set<string>()
    for (const line of lines) {
      const [what, queue, offset, text] = line.split(' ')
      if (what !== 'q') continue
      assert.equal(Number(offset), ends.get(queue!) ?? 0, 'offsets are dense')
      ends.set(queue!, Number(offset) + 1)
      assert.ok(this.#sent.has(text!), `unexpected: '${text}' at ${queue} ${offset}`)
      assert.ok(!texts.has(text!), `duplicate: ${text}`)
      texts.add(text!)
      found.set(`${queue} ${offset}`, text!)
    }
    for (const [place, text] of this.#acknowledged) {
      assert.equal(found.get(place), text, `lost: ${text} at ${place}`)
    }
    for (const [queue, offset] of this.#committed) {
      assert.ok(offset <= (ends.get(queue) ?? 0), `a group is ahead in queue ${queue}`)
    }
  }

  /** Microseconds that a share of the waits did not exceed. */
  wait(share: number): number {
    const sorted = [...this.waits].sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length * share)] ?? 0
  }
}
