import { join } from 'node:path'
import { MqError } from '../errors.ts'
import type { FileSystem } from './file-system.ts'

/** Raised when the folder's layout changes; a folder with a higher one is refused. */
const formatVersion = 1

/** A part of the log that we wrote: every record in it carries `__CRC32#`. The last one is open. */
export interface OwnRange {
  readonly from: number
  /** null: up to the end, whatever it is. */
  readonly to: number | null
}

/** `<store>/pocketmq/FORMAT`: `{"version":1,"ours":[{"from":0,"to":null}]}` */
export interface Format {
  readonly version: number
  readonly ours: readonly OwnRange[]
}

const pathOf = (folder: string): string => join(folder, 'pocketmq', 'FORMAT')

export function writeFormat(fs: FileSystem, folder: string, ours: readonly OwnRange[]): void {
  const format: Format = { version: formatVersion, ours }
  fs.replaceFile(pathOf(folder), Buffer.from(`${JSON.stringify(format)}\n`))
}

/** @throws MQ_STORE_VERSION, MQ_STORE_CORRUPT */
export function readFormat(fs: FileSystem, folder: string): Format {
  const text = fs.readFile(pathOf(folder))?.toString('utf8') ?? ''
  let format: Partial<Format>
  try {
    format = JSON.parse(text) as Partial<Format>
  } catch {
    throw new MqError('MQ_STORE_CORRUPT', `${pathOf(folder)} is missing or cannot be read`)
  }
  if (typeof format.version !== 'number' || !Array.isArray(format.ours)) {
    throw new MqError('MQ_STORE_CORRUPT', `${pathOf(folder)} cannot be read`)
  }
  if (format.version > formatVersion) {
    throw new MqError(
      'MQ_STORE_VERSION',
      `${folder} has format ${format.version}, this pocketmq knows ${formatVersion}`,
    )
  }
  return format as Format
}

export function isOurs(ranges: readonly OwnRange[], offset: number): boolean {
  return ranges.some(({ from, to }) => offset >= from && (to === null || offset < to))
}
