import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Message } from '../../src/core/model/message.ts'

/** A line of expected.ndjson: a message as the Java pull consumer saw it. */
export interface ExpectedMessage {
  readonly topic: string
  readonly queueId: number
  readonly queueOffset: number
  readonly commitLogOffset: number
  readonly storeSize: number
  readonly offsetMsgId: string
  readonly sysFlag: number
  readonly flag: number
  readonly bodyCRC: number
  readonly bornTimestamp: number
  readonly storeTimestamp: number
  readonly bornHost: string
  readonly reconsumeTimes: number
  readonly preparedTransactionOffset: number
  readonly bodyLength: number
  readonly bodySha256: string
  readonly properties: Record<string, string>
}

export interface StoreFixture {
  /** The folder that an Apache RocketMQ 5.5.0 broker wrote and shut down cleanly. */
  readonly store: string
  readonly segmentSize: number
  readonly expected: readonly ExpectedMessage[]
  remove(): void
}

/** Unpacks the fixture into a folder of its own. */
export function unpackStoreFixture(): StoreFixture {
  const folder = mkdtempSync(join(tmpdir(), 'pocketmq-golden-'))
  const archive = join(import.meta.dirname, 'data/rocketmq-5.5.0-store.tar.gz')
  execFileSync('tar', ['xzf', archive, '-C', folder])
  const root = join(folder, 'rocketmq-5.5.0-store')
  const lines = readFileSync(join(root, 'expected.ndjson'), 'utf8').trimEnd().split('\n')
  return {
    store: join(root, 'store'),
    segmentSize: 1_048_576,
    expected: lines.map((line) => JSON.parse(line) as ExpectedMessage),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** A message as a line of expected.ndjson names its fields. */
export function asExpected(message: Message): ExpectedMessage {
  const { body, bornHost, bodyCrc, properties } = message
  return {
    topic: message.topic,
    queueId: message.queueId,
    queueOffset: message.queueOffset,
    commitLogOffset: message.commitLogOffset,
    storeSize: message.storeSize,
    offsetMsgId: message.offsetMsgId,
    sysFlag: message.sysFlag,
    flag: message.flag,
    bodyCRC: bodyCrc,
    bornTimestamp: message.bornTimestamp,
    storeTimestamp: message.storeTimestamp,
    bornHost: bornHost.slice(0, bornHost.lastIndexOf(':')),
    reconsumeTimes: message.reconsumeTimes,
    preparedTransactionOffset: message.preparedTransactionOffset,
    bodyLength: body.length,
    bodySha256: createHash('sha256').update(body).digest('hex'),
    properties: { ...properties },
  }
}
