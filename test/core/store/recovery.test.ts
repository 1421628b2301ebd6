import assert from 'node:assert/strict'
import { decide, recoveryTable, type Decision, type Frame } from '../../../src/core/store/recovery.ts'

const frames: readonly Frame[] = ['message', 'blank', 'zeros', 'cut', 'bad', 'absent']

describe('recoveryTable', () => {
  it('has exactly one row for each place', () => {
    for (const frame of frames) {
      for (const pastSynced of [true, false]) {
        const rows = recoveryTable.filter(
          (row) => row.frames.includes(frame) && (row.pastSynced === null || row.pastSynced === pastSynced),
        )
        assert.equal(rows.length, 1, `${frame}, ${pastSynced}`)
        assert.equal(decide({ frame, pastSynced }), rows[0]!.decision)
      }
    }
  })

  it('knows no other frames', () => {
    for (const row of recoveryTable) for (const frame of row.frames) assert.ok(frames.includes(frame))
  })

  it('cuts off only what was never synced, and refuses only what is wholly gone', () => {
    const decisions = (pastSynced: boolean): Record<string, Decision> =>
      Object.fromEntries(frames.map((frame) => [frame, decide({ frame, pastSynced })]))
    assert.deepEqual(decisions(true), {
      message: 'keep',
      blank: 'next-segment',
      zeros: 'truncate',
      cut: 'truncate',
      bad: 'truncate',
      absent: 'end',
    })
    assert.deepEqual(decisions(false), {
      message: 'keep',
      blank: 'next-segment',
      zeros: 'quarantine',
      cut: 'quarantine',
      bad: 'quarantine',
      absent: 'refuse',
    })
  })
})
