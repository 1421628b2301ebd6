import { writeFully, type FileSystem } from '../../store/file-system.ts'

/** Read and looked at for zeros at a time. */
const chunkSize = 1024 * 1024
const blockSize = 64 * 1024
const zeros = Buffer.alloc(blockSize)

/**
 * Copies the first `length` bytes to a new file of `size`; what is all zeros takes no room. Yields bytes
 * done.
 */
export function* copySparsely(
  fs: FileSystem,
  from: string,
  to: string,
  length: number,
  size: number,
): Generator<number, void> {
  const source = fs.open(from, 'read')
  const target = fs.open(to, 'create')
  const chunk = Buffer.allocUnsafe(chunkSize)
  try {
    target.truncate(size)
    for (let at = 0; at < length; at += chunkSize) {
      const count = source.read(chunk, 0, Math.min(chunkSize, length - at), at)
      for (let block = 0; block < count; block += blockSize) {
        const blockLength = Math.min(blockSize, count - block)
        const bytes = chunk.subarray(block, block + blockLength)
        if (bytes.equals(zeros.subarray(0, blockLength))) continue
        writeFully(target, chunk, block, blockLength, at + block)
      }
      yield at + count
    }
    target.datasync()
  } finally {
    source.close()
    target.close()
  }
}
