const pageSize = 4096

/** A file's content: pages that were written, zeros between them. A gigabyte of nothing costs nothing. */
export class SparseBytes {
  readonly #pages = new Map<number, Buffer>()
  #size = 0

  get size(): number {
    return this.#size
  }

  clone(): SparseBytes {
    const copy = new SparseBytes()
    copy.#size = this.#size
    for (const [index, page] of this.#pages) copy.#pages.set(index, Buffer.from(page))
    return copy
  }

  resize(size: number): void {
    if (size < this.#size) {
      for (const index of this.#pages.keys()) if (index * pageSize >= size) this.#pages.delete(index)
      this.#pages.get(Math.floor(size / pageSize))?.fill(0, size % pageSize)
    }
    this.#size = size
  }

  /** Beyond the end it grows. */
  write(source: Buffer, position: number): void {
    for (let done = 0; done < source.length;) {
      const index = Math.floor((position + done) / pageSize)
      const at = (position + done) % pageSize
      const length = Math.min(pageSize - at, source.length - done)
      let page = this.#pages.get(index)
      if (page === undefined) this.#pages.set(index, (page = Buffer.alloc(pageSize)))
      source.copy(page, at, done, done + length)
      done += length
    }
    this.#size = Math.max(this.#size, position + source.length)
  }

  /** Bytes read: fewer only at the end. */
  read(target: Buffer, at: number, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, this.#size - position))
    for (let done = 0; done < count;) {
      const page = this.#pages.get(Math.floor((position + done) / pageSize))
      const from = (position + done) % pageSize
      const part = Math.min(pageSize - from, count - done)
      if (page === undefined) target.fill(0, at + done, at + done + part)
      else page.copy(target, at + done, from, from + part)
      done += part
    }
    return count
  }

  all(): Buffer {
    const bytes = Buffer.alloc(this.#size)
    this.read(bytes, 0, this.#size, 0)
    return bytes
  }
}
