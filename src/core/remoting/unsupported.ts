/** Requests of RocketMQ that are not answered here, by code, and why: the remark of the refusal. */
const noController = 'a broker here has no controller, it is always the master'
const noContainer = 'there is no broker container here, one server is one broker'
const noAuth =
  'there are no users and no ACL here: anybody who can connect may do anything (see --trust-network)'
const noRocksDb =
  'nothing is kept in RocksDB here: topics, groups and offsets are in state.db, see `store export`'
const noLite = 'lite topics do not exist here'
const noColdData = 'reads of old messages are not throttled here'
const noStatic = 'static topics are for several brokers: queues here belong to one'

const reasons = new Map<number, string>([
  [513, noStatic],
  [354, noRocksDb],
  [355, noRocksDb],
  [902, noContainer],
  [903, noContainer],
  [1001, noController],
  [1002, noController],
  [1003, noController],
  [1004, noController],
  [1005, noController],
  [1006, noController],
  [1007, `${noController}, and so has no epochs`],
  [1009, noController],
  [1010, noController],
  [1011, noController],
  [1012, noController],
  [1013, noController],
  [2001, noColdData],
  [2002, noColdData],
  [2004, 'the log is read with plain reads, it is not mapped: there is no read-ahead mode'],
  [3001, noAuth],
  [3002, noAuth],
  [3003, noAuth],
  [3004, noAuth],
  [3005, noAuth],
  [3006, noAuth],
  [3007, noAuth],
  [3008, noAuth],
  [3009, noAuth],
  [3010, noAuth],
  [5001, 'there is one timer here, in the log and its index'],
  [200056, 'receipts of POP are in state.db: there is no store to roll back to'],
  [200070, noLite],
  [200071, noLite],
  [200072, noLite],
  [200074, noLite],
  [200075, noLite],
  [200076, noLite],
  [200077, noLite],
  [200078, noLite],
  [200079, noLite],
])

/** RocketMQ's own words for a request that nobody answers, and the reason where we have one. */
export function notSupportedRemark(code: number): string {
  const reason = reasons.get(code)
  const plain = ` request type ${code} not supported`
  return reason === undefined ? plain : `${plain}: ${reason}`
}
