import { readI64 } from '../lib/bytes.ts'
import type { Message } from './message.ts'
import { decodeMessage } from './message-codec.ts'
import { checkRecord, readRecord, storeTimestampOf } from './record.ts'

/**
 * A message that lies in its record and is decoded when something of it is asked for: who passes millions of
 * them on looks at a few fields, or takes the bytes (output/message-lines.ts).
 */
export class RecordMessage implements Message {
  readonly brokerName: string
  /** The record is whole from `at` on: `recordMessages` has looked. */
  readonly source: Buffer
  readonly at: number
  #decoded: Message | null = null

  constructor(source: Buffer, at: number, brokerName: string) {
    this.source = source
    this.at = at
    this.brokerName = brokerName
  }

  get #message(): Message {
    return (this.#decoded ??= decodeMessage(readRecord(this.source, this.at), this.brokerName))
  }

  /** Bytes of the record. */
  get size(): number {
    return this.source.readInt32BE(this.at)
  }

  get queueOffset(): number {
    return readI64(this.source, this.at + 20)
  }

  get storeTimestamp(): number {
    return storeTimestampOf(this.source, this.at)
  }

  get topic(): string {
    return this.#message.topic
  }

  get queueId(): number {
    return this.#message.queueId
  }

  get commitLogOffset(): number {
    return this.#message.commitLogOffset
  }

  get msgId(): string {
    return this.#message.msgId
  }

  get offsetMsgId(): string {
    return this.#message.offsetMsgId
  }

  get tag(): string | null {
    return this.#message.tag
  }

  get keys(): readonly string[] {
    return this.#message.keys
  }

  get properties(): Readonly<Record<string, string>> {
    return this.#message.properties
  }

  get bornTimestamp(): number {
    return this.#message.bornTimestamp
  }

  get bornHost(): string {
    return this.#message.bornHost
  }

  get storeHost(): string {
    return this.#message.storeHost
  }

  get reconsumeTimes(): number {
    return this.#message.reconsumeTimes
  }

  get sysFlag(): number {
    return this.#message.sysFlag
  }

  get flag(): number {
    return this.#message.flag
  }

  get bodyCrc(): number {
    return this.#message.bodyCrc
  }

  get storeSize(): number {
    return this.size
  }

  get preparedTransactionOffset(): number {
    return this.#message.preparedTransactionOffset
  }

  get body(): Buffer {
    return this.#message.body
  }
}

/**
 * Records as a pull answer carries them, one behind the other.
 * @throws RangeError when they do not fit the body, or their lengths lie
 */
export function recordMessages(records: Buffer, brokerName: string): RecordMessage[] {
  const messages: RecordMessage[] = []
  for (let at = 0; at < records.length;) {
    const size = checkRecord(records, at)
    messages.push(new RecordMessage(records, at, brokerName))
    at += size
  }
  return messages
}
