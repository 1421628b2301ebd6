import type { HostBytes } from '../model/host.ts'
import type { CallOf } from './requests/index.ts'

type SendCall = CallOf<'SEND_MESSAGE_V2'>

/**
 * Single messages (SEND_MESSAGE_V2) that are alike but for queue, properties and body, in columns: an object
 * or two for each message in each layer cost a third of what storing a million takes (bench/folder.ts).
 */
export interface SendBatch {
  /** Of each of them. */
  readonly header: Omit<SendCall['header'], 'queueId' | 'properties'>
  readonly queueIds: readonly number[]
  readonly properties: readonly string[]
  readonly bodies: readonly Buffer[]
}

/** Neighbours of a batch that were stored: what their answers would say. */
export interface StoredSends {
  /** Place of the first one in the batch. */
  readonly first: number
  readonly storeHost: HostBytes
  readonly queueOffsets: Float64Array
  readonly physicalOffsets: Float64Array
}

/** One of a batch as a call of its own. */
export function callOf({ header, queueIds, properties, bodies }: SendBatch, i: number): SendCall {
  return { header: { ...header, queueId: queueIds[i]!, properties: properties[i]! }, body: bodies[i]! }
}
