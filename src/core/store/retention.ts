/** When sealed segments go. Never because the disk is full: a folder on a laptop is no broker's disk. */
export interface Retention {
  /** Segments whose last message is older go. */
  readonly ageMaxMs?: number
  /** The oldest go until the log takes no more. */
  readonly sizeMax?: number
}

/** RocketMQ's fileReservedTime */
export const defaultRetention: Retention = { ageMaxMs: 72 * 3600 * 1000 }

/** What the folder's own setting says, hours. */
export const retentionSetting = 'fileReservedTime'

/** @param setting value of `fileReservedTime`; null: the default */
export function retentionOf(setting: string | null): Retention {
  return setting === null ? defaultRetention : { ageMaxMs: Number(setting) * 3600 * 1000 }
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
