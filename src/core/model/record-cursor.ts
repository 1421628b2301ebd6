import { readI64, standsAt } from '../lib/bytes.ts'
import { Magic } from './record.ts'
import { SysFlag } from './sys-flag.ts'

/**
 * Stands on one record after the other, and has its fields and where its parts lie, without an object or a
 * view for each: for whoever passes millions of them on. The layout is record.ts's.
 */
export class RecordCursor {
  source: Buffer = Buffer.alloc(0)
  size = 0
  bodyCrc = 0
  queueId = 0
  flag = 0
  queueOffset = 0
  physicalOffset = 0
  sysFlag = 0
  bornTimestamp = 0
  bornHostAt = 0
  bornHostEnd = 0
  storeTimestamp = 0
  storeHostAt = 0
  storeHostEnd = 0
  reconsumeTimes = 0
  bodyAt = 0
  bodyEnd = 0
  topicAt = 0
  topicEnd = 0
  propertiesAt = 0
  end = 0

  /** @param at of a record that `checkRecord` or `inspectRecord` found whole */
  moveTo(source: Buffer, at: number): void {
    this.source = source
    this.size = source.readInt32BE(at)
    const topicLengthSize = source.readInt32BE(at + 4) === Magic.v1 ? 1 : 2
    this.bodyCrc = source.readInt32BE(at + 8)
    this.queueId = source.readInt32BE(at + 12)
    this.flag = source.readInt32BE(at + 16)
    this.queueOffset = readI64(source, at + 20)
    this.physicalOffset = readI64(source, at + 28)
    const sysFlag = (this.sysFlag = source.readInt32BE(at + 36))
    this.bornTimestamp = readI64(source, at + 40)
    this.bornHostAt = at + 48
    this.bornHostEnd = at + (sysFlag & SysFlag.bornHostV6 ? 68 : 56)
    this.storeTimestamp = readI64(source, this.bornHostEnd)
    this.storeHostAt = this.bornHostEnd + 8
    this.storeHostEnd = this.storeHostAt + (sysFlag & SysFlag.storeHostV6 ? 20 : 8)
    this.reconsumeTimes = source.readInt32BE(this.storeHostEnd)
    this.bodyAt = this.storeHostEnd + 16
    this.bodyEnd = this.bodyAt + source.readInt32BE(this.storeHostEnd + 12)
    this.topicAt = this.bodyEnd + topicLengthSize
    const topicLength = topicLengthSize === 1 ? source[this.bodyEnd]! : source.readInt16BE(this.bodyEnd)
    this.topicEnd = this.topicAt + topicLength
    this.propertiesAt = this.topicEnd + 2
    this.end = at + this.size
  }

  /** Whether these bytes stand at a place of the source. */
  has(at: number, bytes: Uint8Array): boolean {
    return standsAt(this.source, at, bytes)
  }
}
