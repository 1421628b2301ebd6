/**
 * What is done about what stands at a place of the log. Pure, enumerated by its test: every combination meets
 * exactly one row. RocketMQ truncates at the first bad record wherever it is, and loses all that follows
 * (CommitLog.recoverNormally); here only what was never synced may be cut off.
 */

/** What `inspectRecord` saw; 'absent': there is no segment. */
export type Frame = 'message' | 'blank' | 'zeros' | 'cut' | 'bad' | 'absent'

export interface Place {
  readonly frame: Frame
  /** Behind the last sync: a crash may have torn it. Before it, only the medium can have damaged it. */
  readonly pastSynced: boolean
}

export type Decision =
  /** A sound record. */
  | 'keep'
  /** The segment is full: go on in the next one. */
  | 'next-segment'
  /** Nothing was ever written here. */
  | 'end'
  /**
   * A torn tail: cut off, and zeros to the end of the segment, so that nothing is appended in front of old
   * bytes.
   */
  | 'truncate'
  /** Damage: pass over it to the next record that is at its own place, report the gap, serve the rest. */
  | 'quarantine'
  /** Whole segments are missing: nothing is touched. */
  | 'refuse'

interface Row {
  readonly frames: readonly Frame[]
  readonly pastSynced: boolean | null
  readonly decision: Decision
}

export const recoveryTable: readonly Row[] = [
  { frames: ['message'], pastSynced: null, decision: 'keep' },
  { frames: ['blank'], pastSynced: null, decision: 'next-segment' },
  { frames: ['absent'], pastSynced: true, decision: 'end' },
  // zeros past the sync are a preallocated tail, or a write that was lost: what follows them was never
  // acknowledged as synced either, and is cut off with them
  { frames: ['zeros', 'cut', 'bad'], pastSynced: true, decision: 'truncate' },
  { frames: ['zeros', 'cut', 'bad'], pastSynced: false, decision: 'quarantine' },
  { frames: ['absent'], pastSynced: false, decision: 'refuse' },
]

export function decide(place: Place): Decision {
  const row = recoveryTable.find(
    (each) =>
      each.frames.includes(place.frame) && (each.pastSynced === null || each.pastSynced === place.pastSynced),
  )
  return row!.decision
}
