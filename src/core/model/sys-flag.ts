/** Bits of a record's sysFlag; RocketMQ's MessageSysFlag. */
export const SysFlag = {
  compressed: 0x1,
  multiTags: 0x2,
  transactionMask: 0xc,
  prepared: 0x4,
  commit: 0x8,
  rollback: 0xc,
  bornHostV6: 0x10,
  storeHostV6: 0x20,
  needUnwrap: 0x40,
  innerBatch: 0x80,
  compressionMask: 0x700,
  lz4: 0x100,
  zstd: 0x200,
  zlib: 0x300,
} as const

/** Bits of a pull request's sysFlag; RocketMQ's PullSysFlag. */
export const PullFlag = {
  commitOffset: 1,
  suspend: 2,
  subscription: 4,
  classFilter: 8,
  litePull: 16,
} as const
