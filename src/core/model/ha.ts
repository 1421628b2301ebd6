/** What a broker says of its slaves, or a slave of its master; RocketMQ's HARuntimeInfo. */
export interface HaStatus {
  readonly master: boolean
  readonly masterCommitLogMaxOffset: number
  readonly inSyncSlaveNums: number
  readonly slaves: readonly HaSlave[]
  /** Of a slave. */
  readonly client: HaClient
}

export interface HaSlave {
  readonly addr: string
  readonly slaveAckOffset: number
  /** Bytes it is behind. */
  readonly diff: number
  readonly inSync: boolean
  readonly transferredByteInSecond: number
  readonly transferFromWhere: number
}

export interface HaClient {
  readonly masterAddr: string
  readonly transferredByteInSecond: number
  readonly maxOffset: number
  /** Epoch ms. */
  readonly lastReadTimestamp: number
  readonly lastWriteTimestamp: number
  readonly masterFlushOffset: number
}
