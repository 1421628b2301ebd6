import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from '../../../src/core/lib/crc32.ts'
import { parseHost } from '../../../src/core/model/host.ts'
import {
  hostFlags,
  recordSize,
  recordVersion,
  writeBlank,
  writeRecord,
  type StoredRecord,
} from '../../../src/core/model/record.ts'

export interface ForeignMessage {
  readonly topic: string
  readonly queueId?: number
  readonly queueOffset: number
  readonly body?: string
  /** The property section. */
  readonly properties?: string
  readonly sysFlag?: number
  readonly host?: string
  readonly storeTimestamp?: number
}

/**
 * Writes what a RocketMQ broker writes: records without a CRC over everything, blanks, config as fastjson
 * prints it.
 */
export class BrokerFolder {
  readonly path: string
  readonly segmentSize: number
  #end: number

  constructor(path: string, segmentSize = 64 * 1024, begin = 0) {
    this.path = path
    this.segmentSize = segmentSize
    this.#end = begin
    mkdirSync(join(path, 'commitlog'), { recursive: true })
  }

  get end(): number {
    return this.#end
  }

  /** Appends a record. @returns its log offset */
  append(message: ForeignMessage): number {
    const host = parseHost(message.host ?? '10.0.0.1:10911')
    const topic = Buffer.from(message.topic)
    const body = Buffer.from(message.body ?? 'body')
    const record: StoredRecord = {
      version: recordVersion(topic.length),
      bodyCrc: crc32(body),
      queueId: message.queueId ?? 0,
      flag: 0,
      queueOffset: message.queueOffset,
      physicalOffset: 0,
      sysFlag: hostFlags(message.sysFlag ?? 0, host, host),
      bornTimestamp: 1,
      bornHost: host,
      storeTimestamp: message.storeTimestamp ?? 1_700_000_000_000,
      storeHost: host,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body,
      topic,
      properties: Buffer.from(message.properties ?? ''),
    }
    const size = recordSize(record)
    const left = this.segmentSize - (this.#end % this.segmentSize)
    if (size + 8 > left) {
      const blank = Buffer.alloc(8)
      writeBlank(blank, 0, left)
      this.write(this.#end, blank)
      this.#end += left
    }
    const physicalOffset = this.#end
    const bytes = Buffer.alloc(size)
    writeRecord(bytes, 0, { ...record, physicalOffset })
    this.write(physicalOffset, bytes)
    this.#end += size
    return physicalOffset
  }

  /** Makes the next segment ahead, as AllocateMappedFileService does. */
  allocateAhead(): void {
    const base = this.#end - (this.#end % this.segmentSize) + this.segmentSize
    this.write(base, Buffer.alloc(0))
  }

  /** Writes bytes at a log offset, into a file of full size. */
  write(offset: number, bytes: Buffer): void {
    const base = offset - (offset % this.segmentSize)
    const file = openSync(join(this.path, 'commitlog', String(base).padStart(20, '0')), 'a+')
    ftruncateSync(file, this.segmentSize)
    closeSync(file)
    const writable = openSync(join(this.path, 'commitlog', String(base).padStart(20, '0')), 'r+')
    writeSync(writable, bytes, 0, bytes.length, offset - base)
    closeSync(writable)
  }

  config(name: string, text: string): void {
    mkdirSync(join(this.path, 'config'), { recursive: true })
    writeFileSync(join(this.path, 'config', name), text)
  }

  /** topics.json with so many queues each. */
  topics(queues: Readonly<Record<string, number>>): void {
    const rows = Object.entries(queues).map(([topic, count]) => {
      const names = `"readQueueNums":${count},"writeQueueNums":${count},"topicName":"${topic}"`
      return `"${topic}":{"order":false,"perm":6,"topicFilterType":"SINGLE_TAG",${names},"topicSysFlag":0}`
    })
    this.config('topics.json', `{"dataVersion":{"counter":1},\n\t"topicConfigTable":{${rows.join(',\n\t')}}}`)
  }

  /** A consume queue's first file: entries of 20 bytes. */
  consumeQueue(
    topic: string,
    queueId: number,
    entries: readonly (readonly [offset: number, size: number])[],
  ): void {
    const folder = join(this.path, 'consumequeue', topic, String(queueId))
    mkdirSync(folder, { recursive: true })
    const bytes = Buffer.alloc(6_000_000)
    entries.forEach(([offset, size], i) => {
      bytes.writeBigInt64BE(BigInt(offset), i * 20)
      bytes.writeInt32BE(size, i * 20 + 8)
    })
    writeFileSync(join(folder, '0'.repeat(20)), bytes)
  }
}
