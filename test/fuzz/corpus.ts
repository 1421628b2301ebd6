import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeCall } from '../../src/core/remoting/codec.ts'
import { encodeFrame } from '../../src/core/remoting/frame.ts'
import type { CallOf, RequestName } from '../../src/core/remoting/requests/index.ts'

/** Requests of real 5.5.0 clients, and ours for what they did not send. */
export function requestCorpus(): Buffer[] {
  return [...recordedRequests('json'), ...recordedRequests('binary'), ...ourRequests()]
}

function recordedRequests(name: string): Buffer[] {
  const lines = readFileSync(join(import.meta.dirname, '../golden/wire', `${name}.ndjson`), 'utf8').trimEnd()
  return lines
    .split('\n')
    .map((line) => Buffer.from((JSON.parse(line) as { request: string }).request, 'hex'))
}

function ourRequests(): Buffer[] {
  const topic = 'WireT'
  return [
    frame('PUT_KV_CONFIG', { header: { namespace: 'n', key: 'k', value: 'v' }, body: undefined }),
    frame('GET_KV_CONFIG', { header: { namespace: 'n', key: 'k' }, body: undefined }),
    frame('GET_CONSUME_STATS', { header: { consumerGroup: 'WireG', topic }, body: undefined }),
    frame('GET_CONSUMER_LIST_BY_GROUP', { header: { consumerGroup: 'WireG' }, body: undefined }),
    frame('CONSUME_MESSAGE_DIRECTLY', {
      header: { consumerGroup: 'WireG', clientId: 'c' },
      body: Buffer.alloc(0),
    }),
  ]
}

function frame<N extends RequestName>(name: N, call: CallOf<N>): Buffer {
  return encodeFrame({
    ...encodeCall(name, call),
    serializeType: 'json',
    language: 'JAVA',
    version: 513,
    opaque: 1,
    flag: 0,
    remark: null,
  })
}
