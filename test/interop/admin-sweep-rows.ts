/** Where a sweep runs, and what its own clients did there. */
export interface SweepPlace {
  readonly namesrv: string
  readonly broker: string
  /** A folder for files; the JVM's working directory. */
  readonly dir: string
  /** Of a message that was sent with the key key0 and consumed. */
  readonly msgId: string
  readonly offsetMsgId: string
  readonly clientId: string
}

export interface SweepRow {
  readonly command: string
  /** Without the command and -n. */
  readonly args: (place: SweepPlace) => readonly string[]
  /** Why it prints something else than on a broker of RocketMQ, or is refused where mqadmin does not tell. */
  readonly note?: string
  /** Our server answers "not supported", or refuses: its remark says why. */
  readonly refused?: true
  /** It prints nothing when all is well. */
  readonly silent?: true
  /** It opens local files, and asks no server. */
  readonly local?: true
}

export const sweepTopic = 'SweepT'
export const sweepGroup = 'SweepG'
const other = 'SweepOtherT'
const t = ['-t', sweepTopic]
const g = ['-g', sweepGroup]
const c = ['-c', 'DefaultCluster']

const always =
  (...args: string[]) =>
  (): string[] =>
    args
const at =
  (...args: string[]) =>
  ({ broker }: SweepPlace): string[] => ['-b', broker, ...args]
const controller =
  (...args: string[]) =>
  ({ broker }: SweepPlace): string[] => ['-a', broker, ...args]
const liteTopic = ['-p', sweepTopic, '-l', 'lite1']

/** All subcommands of mqadmin 5.5.0, once each, in an order in which each finds what it needs. */
export const sweepRows: readonly SweepRow[] = [
  // before the consumer has asked again: its other queues are then known, too
  { command: 'consumerProgress', args: always(...g, '-s', 'true') },
  { command: 'queryMsgById', args: ({ offsetMsgId }) => [...t, '-i', offsetMsgId] },
  { command: 'queryMsgByOffset', args: always(...t, '-b', 'broker-a', '-i', '0', '-o', '0') },
  { command: 'brokerConsumeStats', args: at() },
  { command: 'updateTopic', args: always(...c, '-t', other, '-r', '2', '-w', '2') },
  { command: 'updateTopicList', args: ({ broker, dir }) => ['-b', broker, '-f', `${dir}/topics.json`] },
  { command: 'updateTopicPerm', args: always(...c, '-t', other, '-p', '4') },
  { command: 'topicList', args: always(), note: 'without the two topics of transactions in RocksDB' },
  { command: 'topicRoute', args: always(...t) },
  { command: 'topicStatus', args: always(...t) },
  { command: 'topicClusterList', args: always(...t) },
  { command: 'updateOrderConf', args: always(...t, '-m', 'put', '-v', 'broker-a:4') },
  { command: 'allocateMQ', args: always(...t, '-i', '10.0.0.1,10.0.0.2') },
  { command: 'sendMessage', args: always('-t', 'SweepSentT', '-p', 'x', '-k', 'k') },
  { command: 'consumeMessage', args: always(...t) },
  { command: 'printMsg', args: always(...t) },
  { command: 'printMsgByQueue', args: always(...t, '-a', 'broker-a', '-i', '0', '-p', 'true', '-f', 'true') },
  { command: 'queryMsgByKey', args: always(...t, '-k', 'key0') },
  {
    command: 'queryMsgByUniqueKey',
    args: ({ msgId, clientId }) => [...t, '-i', msgId, ...g, '-d', clientId],
  },
  { command: 'checkMsgSendRT', args: always('-t', 'SweepSentT', '-a', '3', '-s', '16') },
  { command: 'sendMsgStatus', args: always('-b', 'broker-a', '-s', '16', '-c', '2') },
  { command: 'clusterRT', args: always('-a', '2', '-s', '16', '-i', '1') },
  { command: 'queryCq', args: always(...t, '-q', '0', '-i', '0', '-c', '2') },
  { command: 'dumpCompactionLog', args: ({ dir }) => ['-f', `${dir}/none`], local: true },
  { command: 'updateSubGroup', args: always(...c, '-g', 'SweepOtherG') },
  { command: 'updateSubGroupList', args: ({ broker, dir }) => ['-b', broker, '-f', `${dir}/groups.json`] },
  { command: 'getConsumerConfig', args: always('-g', 'SweepOtherG') },
  { command: 'setConsumeMode', args: always(...c, ...t, '-g', 'SweepOtherG', '-m', 'POP', '-q', '2') },
  { command: 'consumerStatus', args: always(...g) },
  { command: 'startMonitoring', args: always(), silent: true },
  { command: 'consumerConnection', args: always(...g) },
  { command: 'producerConnection', args: always('-g', 'SweepProducers', ...t) },
  {
    command: 'producer',
    args: at(),
    note: 'in the order in which they came; producers of traces are listed as they come and go',
  },
  { command: 'resetOffsetByTime', args: always(...g, ...t, '-s', 'now') },
  { command: 'skipAccumulatedMessage', args: always(...g, ...t) },
  { command: 'cloneGroupOffset', args: always('-s', sweepGroup, '-d', 'SweepOtherG', ...t) },
  { command: 'deleteSubGroup', args: always(...c, '-g', 'SweepOtherG', '-r', 'true') },
  { command: 'clusterList', args: always() },
  {
    command: 'brokerStatus',
    args: at(),
    note: 'with what there is to tell here: no thread pools, no page-cache figures',
  },
  { command: 'getBrokerConfig', args: at(), note: 'with the properties that mean something here' },
  { command: 'updateBrokerConfig', args: at('-k', 'autoCreateTopicEnable', '-v', 'true') },
  { command: 'cleanExpiredCQ', args: at() },
  { command: 'deleteExpiredCommitLog', args: at() },
  { command: 'cleanUnusedTopic', args: at() },
  { command: 'resetMasterFlushOffset', args: at('-o', '0') },
  { command: 'setCommitLogReadAheadMode', args: at('-m', '0'), refused: true },
  { command: 'switchTimerEngine', args: at('-e', 'F'), refused: true },
  { command: 'getNamesrvConfig', args: always(), note: 'with the properties that mean something here' },
  { command: 'updateNamesrvConfig', args: always('-k', 'orderMessageEnable', '-v', 'false'), refused: true },
  { command: 'updateKvConfig', args: always('-s', 'SweepNs', '-k', 'k', '-v', 'v') },
  { command: 'deleteKvConfig', args: always('-s', 'SweepNs', '-k', 'k') },
  { command: 'wipeWritePerm', args: always('-b', 'broker-a') },
  { command: 'addWritePerm', args: always('-b', 'broker-a') },
  { command: 'statsAll', args: always(...t) },
  { command: 'haStatus', args: at() },
  { command: 'getSyncStateSet', args: controller('-b', 'broker-a'), refused: true },
  { command: 'getBrokerEpoch', args: always('-b', 'broker-a'), refused: true },
  { command: 'getControllerMetaData', args: controller(), refused: true },
  { command: 'getControllerConfig', args: controller(), refused: true },
  { command: 'updateControllerConfig', args: controller('-k', 'k', '-v', 'v'), refused: true },
  { command: 'electMaster', args: controller('-b', '0', '-bn', 'broker-a', ...c), refused: true },
  { command: 'cleanBrokerMetadata', args: controller('-bn', 'broker-a', ...c, '-b', '1'), refused: true },
  { command: 'addBroker', args: ({ broker }) => ['-c', broker, '-b', 'none.conf'], refused: true },
  {
    command: 'removeBroker',
    args: ({ broker }) => ['-c', broker, '-b', 'DefaultCluster:broker-a:1'],
    refused: true,
  },
  { command: 'getColdDataFlowCtrInfo', args: at(), note: 'nobody is throttled: without thresholds' },
  { command: 'updateColdDataFlowCtrGroupConfig', args: at(...g, '-v', '1000'), refused: true },
  { command: 'removeColdDataFlowCtrGroupConfig', args: at(...g), refused: true },
  { command: 'createUser', args: at('-u', 'sweep', '-p', 'secret', '-t', 'Normal'), refused: true },
  { command: 'updateUser', args: at('-u', 'sweep', '-p', 'other'), refused: true },
  { command: 'getUser', args: at('-u', 'sweep'), refused: true },
  { command: 'listUser', args: at(), refused: true },
  { command: 'copyUser', args: ({ broker }) => ['-f', broker, '-t', broker, '-u', 'sweep'], refused: true },
  { command: 'deleteUser', args: at('-u', 'sweep'), refused: true },
  {
    command: 'createAcl',
    args: at('-s', 'User:sweep', '-r', `Topic:${sweepTopic}`, '-a', 'Pub', '-d', 'Allow'),
    refused: true,
  },
  {
    command: 'updateAcl',
    args: at('-s', 'User:sweep', '-r', `Topic:${sweepTopic}`, '-a', 'Sub', '-d', 'Allow'),
    refused: true,
  },
  { command: 'getAcl', args: at('-s', 'User:sweep'), refused: true },
  { command: 'listAcl', args: at(), refused: true },
  {
    command: 'copyAcl',
    args: ({ broker }) => ['-f', broker, '-t', broker, '-s', 'User:sweep'],
    refused: true,
  },
  { command: 'deleteAcl', args: at('-s', 'User:sweep'), refused: true },
  { command: 'exportMetadata', args: ({ broker, dir }) => ['-b', broker, '-f', dir, '-t'] },
  { command: 'exportConfigs', args: ({ dir }) => [...c, '-f', dir] },
  { command: 'exportMetrics', args: ({ dir }) => [...c, '-f', dir] },
  {
    command: 'exportPopRecord',
    args: always(...c, '-d', 'true'),
    refused: true,
    note: 'receipts of POP are in state.db: there is no store to roll back to',
  },
  {
    command: 'exportMetadataInRocksDB',
    args: ({ dir }) => ['-p', `${dir}/none`, '-t', 'topics'],
    local: true,
  },
  { command: 'rocksDBConfigToJson', args: always(...c, '-t', 'topics'), refused: true },
  { command: 'checkRocksdbCqWriteProgress', args: always(...c, ...t), refused: true },
  { command: 'getBrokerLiteInfo', args: at(), refused: true },
  {
    command: 'getParentTopicInfo',
    args: always('-p', sweepTopic),
    refused: true,
    note: 'lite topics do not exist here; mqadmin prints `error` and not the reason',
  },
  {
    command: 'getLiteTopicInfo',
    args: always(...liteTopic),
    refused: true,
    note: 'lite topics do not exist here; mqadmin prints `error` and not the reason',
  },
  {
    command: 'getLiteClientInfo',
    args: ({ clientId }) => ['-p', sweepTopic, ...g, '-c', clientId],
    refused: true,
    note: 'lite topics do not exist here; mqadmin prints `error` and not the reason',
  },
  {
    command: 'getLiteGroupInfo',
    args: always('-p', sweepTopic, ...g, '-l', 'lite1'),
    refused: true,
    note: 'lite topics do not exist here; mqadmin prints `error` and not the reason',
  },
  {
    command: 'triggerLiteDispatch',
    args: always('-p', sweepTopic, ...g, '-b', 'broker-a'),
    refused: true,
    note: 'lite topics do not exist here; mqadmin prints `error` and not the reason',
  },
  { command: 'queryMsgTraceById', args: ({ msgId }) => ['-i', msgId] },
  { command: 'deleteTopic', args: always(...c, '-t', other) },
  // a static topic on a RocketMQ broker keeps mqadmin 5.5.0 from reading its topics: fastjson 2
  { command: 'updateStaticTopic', args: always(...c, '-t', 'SweepStaticT', '-qn', '2'), refused: true },
  {
    command: 'remappingStaticTopic',
    args: always(...c, ...t),
    refused: true,
    note: 'there are no static topics to map',
  },
]
