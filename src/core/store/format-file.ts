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

/** `<store>/pocketmq/FORMAT`: `{"version":1,"storeId":"…","ours":[{"from":0,"to":null}]}` */
export interface Format {
  readonly version: number
  /** That of state.db and of all indexes: files that were copied from another folder are told apart. */
  readonly storeId: string
  readonly ours: readonly OwnRange[]
}

const pathOf = (folder: string): string => join(folder, 'pocketmq', 'FORMAT')

export function writeFormat(
  fs: FileSystem,
  folder: string,
  storeId: string,
  ours: readonly OwnRange[],
): void {
  writeFormatTo(fs, pathOf(folder), storeId, ours)
}

/** For a folder that is not in its place yet. */
export function writeFormatTo(
  fs: FileSystem,
  path: string,
  storeId: string,
  ours: readonly OwnRange[],
): void {
  const format: Format = { version: formatVersion, storeId, ours }
  fs.replaceFile(path, Buffer.from(`${JSON.stringify(format)}\n`))
}

/**
 * Null when there is none: a folder that was never finished, or is not ours. @throws MQ_STORE_VERSION,
 * MQ_STORE_CORRUPT
 */
export function readFormat(fs: FileSystem, folder: string): Format | null {
  const bytes = fs.readFile(pathOf(folder))
  if (bytes === null) return null
  const format = parsed(bytes.toString('utf8'))
  if (format === null) {
    throw new MqError('MQ_STORE_CORRUPT', `${pathOf(folder)} cannot be read`, {
      hint: 'it says which parts of the log pocketmq wrote: put it back from a backup; nothing was changed',
    })
  }
  if (format.version > formatVersion) {
    throw new MqError(
      'MQ_STORE_VERSION',
      `${folder} has format ${format.version}, this pocketmq knows ${formatVersion}`,
    )
  }
  return format
}

function parsed(text: string): Format | null {
  let format: Partial<Format> | null
  try {
    format = JSON.parse(text) as Partial<Format> | null
  } catch {
    return null
  }
  if (typeof format?.version !== 'number' || !Array.isArray(format.ours)) return null
  // a newer version may keep anything in it
  if (format.version > formatVersion) return format as Format
  return typeof format.storeId === 'string' && format.ours.every(isRange) ? (format as Format) : null
}

function isRange(range: unknown): boolean {
  const { from, to } = (range ?? {}) as Partial<OwnRange>
  return Number.isSafeInteger(from) && (to === null || Number.isSafeInteger(to))
}

export function isOurs(ranges: readonly OwnRange[], offset: number): boolean {
  return ranges.some(({ from, to }) => offset >= from && (to === null || offset < to))
}
