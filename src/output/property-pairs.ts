import type { RecordCursor } from '../core/model/record-cursor.ts'

const pairsMax = 64
const [nameEnd, pairEnd] = [1, 2]

/** Where the pairs of a record's property section lie that `parseProperties` would keep. */
export class PropertyPairs {
  count = 0
  readonly nameAt = new Int32Array(pairsMax)
  readonly nameEnd = new Int32Array(pairsMax)
  readonly valueEnd = new Int32Array(pairsMax)
  /** 1: the section before had the same pair in its place. */
  readonly stays = new Uint8Array(pairsMax)
  #source: Buffer = Buffer.alloc(0)
  #from = 0

  /**
   * @param lastIsThere the section before is where it was, unchanged: pairs that it has, too, are taken over
   * @returns false where an object would not have them in this order: names twice, names that are numbers, or
   * too many
   */
  scan(source: Buffer, from: number, end: number, lastIsThere: boolean): boolean {
    const known = lastIsThere ? this.count : 0
    const last = this.#source
    const shift = from - this.#from
    this.#source = source
    this.#from = from
    this.count = 0
    // no two of the names before were the same
    let namesStay = lastIsThere
    for (let at = from; at < end;) {
      const index = this.count
      let i = at
      let split = -1
      if (index < known && this.nameAt[index]! + shift === at) {
        const valueEnd = this.valueEnd[index]! + shift
        const limit = Math.min(valueEnd, end)
        while (i < limit && source[i] === last[i - shift]) i++
        if (i === valueEnd && (i === end || source[i] === pairEnd)) {
          if (!this.#add(source, at, this.nameEnd[index]! + shift, i, namesStay)) return false
          this.stays[index] = 1
          at = i + 1
          continue
        }
        // up to here it is the same: a separator in it is, too
        if (i > this.nameEnd[index]! + shift) split = this.nameEnd[index]! + shift
      }
      const nameStays = split !== -1
      if (split === -1)
        for (i = at; i < end && source[i] !== pairEnd && split === -1; i++)
          if (source[i] === nameEnd) split = i
      while (i < end && source[i] !== pairEnd) i++
      if (split > at && split < i - 1) {
        namesStay &&= nameStays
        if (!this.#add(source, at, split, i, namesStay)) return false
        this.stays[index] = 0
      }
      at = i + 1
    }
    return true
  }

  #add(source: Buffer, at: number, split: number, end: number, isNew: boolean): boolean {
    const first = source[at]!
    if (this.count === pairsMax || (first >= 0x30 && first <= 0x39)) return false
    for (let i = 0; i < this.count && !isNew; i++) {
      if (this.nameEnd[i]! - this.nameAt[i]! !== split - at || source[this.nameAt[i]!] !== first) continue
      if (source.compare(source, at, split, this.nameAt[i], this.nameEnd[i]) === 0) return false
    }
    this.nameAt[this.count] = at
    this.nameEnd[this.count] = split
    this.valueEnd[this.count++] = end
    return true
  }

  /** −1: there is none. */
  find(record: RecordCursor, name: Buffer): number {
    for (let i = 0; i < this.count; i++) {
      const at = this.nameAt[i]!
      if (this.nameEnd[i]! - at === name.length && record.has(at, name)) return i
    }
    return -1
  }
}
