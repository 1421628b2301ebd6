import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeMessage } from '../../src/core/model/message-codec.ts'
import { inspectRecord, readRecord, recordSize, writeRecord } from '../../src/core/model/record.ts'
import { asExpected, unpackStoreFixture, type StoreFixture } from './store-fixture.ts'

describe('records of a real 5.5.0 broker', () => {
  let fixture: StoreFixture
  const segments = new Map<number, Buffer>()

  before(() => {
    fixture = unpackStoreFixture()
    const folder = join(fixture.store, 'commitlog')
    for (const name of readdirSync(folder)) segments.set(Number(name), readFileSync(join(folder, name)))
  })
  after(() => fixture.remove())

  function locate(physicalOffset: number): { segment: Buffer; at: number } {
    const base = physicalOffset - (physicalOffset % fixture.segmentSize)
    return { segment: segments.get(base)!, at: physicalOffset - base }
  }

  it('decode to what the Java client saw', () => {
    assert.equal(fixture.expected.length, 3643)
    for (const expected of fixture.expected) {
      const { segment, at } = locate(expected.commitLogOffset)
      const message = decodeMessage(readRecord(segment, at), 'broker-a')
      assert.deepEqual(asExpected(message), expected)
    }
  })

  it('re-encode to the same bytes, every record of every segment', () => {
    let records = 0
    for (const [base, segment] of segments) {
      for (let at = 0; ;) {
        const seen = inspectRecord(segment, at, base + at, 'optional')
        if (seen.frame !== 'message') {
          assert.ok(seen.frame === 'blank' || seen.frame === 'zeros', JSON.stringify(seen))
          break
        }
        const record = readRecord(segment, at)
        assert.equal(recordSize(record), seen.size)
        const copy = Buffer.alloc(seen.size)
        assert.equal(writeRecord(copy, 0, record), seen.size)
        assert.ok(copy.equals(segment.subarray(at, at + seen.size)), `record at ${base + at}`)
        at += seen.size
        records++
      }
    }
    // the log holds records no consumer sees, too: half and op messages, checkpoints
    assert.ok(records >= fixture.expected.length, `${records} records`)
  })
})
