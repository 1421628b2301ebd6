import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Each file of a folder: size, time of last change, content. Equal snapshots: not a byte was touched. */
export function folderSnapshot(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    files.map((name) => {
      const path = join(folder, name)
      const { size, mtimeMs } = statSync(path)
      const isFile = statSync(path).isFile()
      const content = isFile ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'folder'
      return [name, `${size} ${mtimeMs} ${content}`]
    }),
  )
}
