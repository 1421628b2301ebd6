import type { HaClient, HaSlave, HaStatus as Status } from '../../core/model/ha.ts'
import { intervalFlag } from '../../command-line/flag-kinds.ts'
import { addressesIn, scopeFlags, scopeOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { formatLine, parsePieces } from '../../output/printf.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

interface BrokerStatus extends Omit<Status, 'client'> {
  readonly brokerAddr: string
  /** Null of a master. */
  readonly client: HaClient | null
}

export default class HaStatus extends MqCommand {
  static override summary = 'Fetch HA runtime status data.'
  static override description =
    'How far the slaves of a master are, in bytes of its log; of a slave itself with its address.'
  static override examples = [
    '$ pocketmq haStatus -n 127.0.0.1:9876 -c DefaultCluster',
    "$ pocketmq haStatus -o ndjson | jq '.slaves | map(.diff) | max'",
  ]
  static override flags = {
    ...scopeFlags,
    interval: intervalFlag,
  }

  protected override async perform(flags: FlagsOf<typeof HaStatus>): Promise<View<unknown>> {
    const scope = scopeOf(flags, this.target)
    const { brokers, cluster } = await this.connect('read')
    const addresses = await addressesIn(scope, cluster)
    const rows: BrokerStatus[] = []
    for (const brokerAddr of addresses) {
      const { client, ...status } = await brokers.haStatus(brokerAddr)
      rows.push({ brokerAddr, ...status, client: status.master ? null : client })
    }
    const view = textView(rows, {
      fields: ['brokerAddr', 'master', 'masterCommitLogMaxOffset', 'inSyncSlaveNums', 'slaves', 'client'],
      id: ({ brokerAddr }) => brokerAddr,
      text: (row) => (row.client === null ? masterText(row) : slaveText(row.client, this.utc)),
    })
    return flags.interval === undefined ? view : { ...view, repeatMs: flags.interval * 1000 }
  }
}

const slavePieces = parsePieces('%-32s  %-16s %16s %16s %16s %16s')

function masterText({ brokerAddr, masterCommitLogMaxOffset, inSyncSlaveNums, slaves }: BrokerStatus): string {
  const titles = [
    '#SlaveAddr',
    '#SlaveAckOffset',
    '#Diff',
    '#TransferSpeed(KB/s)',
    '#Status',
    '#TransferFromWhere',
  ]
  return (
    `\n#MasterAddr\t${brokerAddr}\n#MasterCommitLogMaxOffset\t${masterCommitLogMaxOffset}\n` +
    `#SlaveNum\t${slaves.length}\n#InSyncSlaveNum\t${inSyncSlaveNums}\n` +
    [titles, ...slaves.map(cellsOf)].map((cells) => `${formatLine(slavePieces, cells)}\n`).join('')
  )
}

function cellsOf({
  addr,
  slaveAckOffset,
  diff,
  inSync,
  transferredByteInSecond,
  transferFromWhere,
}: HaSlave) {
  const speed = (transferredByteInSecond / 1024).toFixed(2)
  return [addr, slaveAckOffset, diff, speed, inSync ? 'OK' : 'Fall Behind', transferFromWhere].map(String)
}

function slaveText(client: HaClient, utc: boolean): string {
  return (
    `\n#MasterAddr\t${client.masterAddr}\n#CommitLogMaxOffset\t${client.maxOffset}\n` +
    `#TransferSpeed(KB/s)\t${(client.transferredByteInSecond / 1024).toFixed(2)}\n` +
    `#LastReadTime\t${javaText.localTime(client.lastReadTimestamp, utc)}\n` +
    `#LastWriteTime\t${javaText.localTime(client.lastWriteTimestamp, utc)}\n` +
    `#MasterFlushOffset\t${client.masterFlushOffset}\n`
  )
}
