import { byteCount } from '../model/byte-count.ts'

/** When sealed segments go. Never because the disk is full: a folder on a laptop is no broker's disk. */
export interface Retention {
  /** Segments whose last message is older go. */
  readonly ageMaxMs?: number
  /** The oldest go until the log takes no more; bytes. */
  readonly sizeMax?: number
}

const hourMs = 3600 * 1000

/** RocketMQ's fileReservedTime */
export const defaultRetention: Retention = { ageMaxMs: 72 * hourMs }

/** Nothing ever goes, whatever the folder's own settings say. */
export const keepsAll: Retention = { ageMaxMs: Infinity, sizeMax: Infinity }

/** The folder's own settings: RocketMQ's, in hours, and one it has not, in bytes, 0 for any size. */
export const retentionSettings = ['fileReservedTime', 'fileReservedSize'] as const

/** @param setting what the folder says; null: the default */
export function retentionOf(setting: (name: (typeof retentionSettings)[number]) => string | null): Retention {
  const [hours, size] = retentionSettings.map(setting)
  const sizeMax = byteCount(size ?? '0') ?? 0
  return {
    ...(hours === null ? defaultRetention : { ageMaxMs: Number(hours) * hourMs }),
    ...(sizeMax > 0 && { sizeMax }),
  }
}

/** The settings that say the same. */
export function settingsOf({
  ageMaxMs,
  sizeMax,
}: Retention): Record<(typeof retentionSettings)[number], string> {
  return {
    fileReservedTime: String((ageMaxMs ?? Infinity) / hourMs),
    fileReservedSize: String(sizeMax === undefined || sizeMax === Infinity ? 0 : sizeMax),
  }
}

/**
 * First offsets of the segments that retention lets go: oldest first and without gaps, never one that is not
 * sealed (its last store time is null), and by the time messages were stored, never by a file's. One without
 * a
 * sound record (its time is 0) is as old as the next that has one: times never fall.
 */
export function expiredSegments(
  segments: readonly { readonly base: number; readonly lastStoreTime: number | null }[],
  segmentSize: number,
  retention: Retention,
  now: number,
): number[] {
  const expired: number[] = []
  for (const [i, { base, lastStoreTime }] of segments.entries()) {
    if (lastStoreTime === null) break
    const storedAt = segments.slice(i).find((each) => each.lastStoreTime !== 0)?.lastStoreTime ?? now
    const tooOld = retention.ageMaxMs !== undefined && storedAt < now - retention.ageMaxMs
    const tooMany =
      retention.sizeMax !== undefined && (segments.length - expired.length) * segmentSize > retention.sizeMax
    if (!tooOld && !tooMany) break
    expired.push(base)
  }
  return expired
}
