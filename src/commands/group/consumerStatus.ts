import * as Flags from '@oclif/core/flags'
import type { ConsumerRunningInfo } from '../../core/model/client-data.ts'
import { versionText } from '../../core/model/versions.ts'
import { asMqError } from '../../command-line/failure.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { haveSameSubscriptions, stuckQueues, type Infos } from '../../input/consumer-findings.ts'
import { writeText } from '../../input/export-files.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { rowsView, textView } from '../../output/rows.ts'
import { runningInfoText } from '../../output/running-info-text.ts'
import type { View } from '../../output/view.ts'

interface Member {
  readonly index: number
  readonly clientId: string
  readonly version: string
  /** What it said, under the working directory; null where the output has it. */
  readonly file: string | null
  readonly info: ConsumerRunningInfo
}

export default class ConsumerStatus extends MqCommand {
  static override summary = "Query consumer's internal data structure."
  static override description =
    'Asks each member of a group what it does: its settings, subscriptions, queues and rates go to a file a member, in a ' +
    'folder of the working directory that is named by the time; with -i those of one member are printed. In JSON they are ' +
    'printed, and no file is written. Says where members subscribe to different things, or do not get on.'
  static override examples = [
    '$ pocketmq consumerStatus -n 127.0.0.1:9876 -g billing',
    "$ pocketmq consumerStatus -g billing -o ndjson | jq -r '.clientId, (.info.queues | length)'",
  ]
  static override flags = {
    consumerGroup: flagKinds.text({ char: 'g', required: true, description: 'consumer group name' }),
    clientId: flagKinds.text({ char: 'i', description: 'print what this member said' }),
    brokerAddr: flagKinds.text({ char: 'b', description: 'broker address' }),
    jstack: Flags.boolean({ char: 's', description: 'with the stacks of its threads' }),
  }

  protected override async perform(flags: FlagsOf<typeof ConsumerStatus>): Promise<View<unknown>> {
    const { groups } = await this.connect('read')
    const { consumerGroup: group, clientId, jstack } = flags
    if (clientId !== undefined) return this.#one(clientId, await groups.runningInfo(group, clientId, jstack))
    const { connections } = await groups.members(group, flags.brokerAddr)
    const now = Date.now()
    const members: Member[] = []
    const byId = connections.toSorted((a, b) => (a.clientId < b.clientId ? -1 : 1))
    for (const { clientId: id, version } of byId) {
      try {
        const info = await groups.runningInfo(group, id, jstack)
        const file = this.printsTable ? this.#write(now, id, info) : null
        members.push({ index: members.length + 1, clientId: id, version: versionText(version), file, info })
      } catch (error) {
        this.note(`note: ${id} does not tell: ${asMqError(error).message}`)
      }
    }
    return table(members, now)
  }

  #one(clientId: string, info: ConsumerRunningInfo): View<unknown> {
    return textView([{ clientId, info }], {
      shape: 'one',
      fields: ['clientId', 'info'],
      id: () => clientId,
      text: () => runningInfoText(info, this.utc),
    })
  }

  /** Client ids come from elsewhere: what would be a path of its own is none here. */
  #write(now: number, clientId: string, info: ConsumerRunningInfo): string {
    return writeText(String(now), clientId.replace(/[^\w@#.-]|^\.+$/g, '_'), runningInfoText(info, this.utc))
  }
}

function table(members: readonly Member[], now: number): View<Member> {
  const infos: Infos = new Map(members.map(({ clientId, info }) => [clientId, info]))
  return rowsView(members, {
    fields: ['index', 'clientId', 'version', 'file', 'info'],
    id: ({ clientId }) => clientId,
    header: '%-10s %-40s %-20s %s',
    columns: [
      { title: '#Index', field: 'index', cell: ({ index }) => index },
      { title: '#ClientId', field: 'clientId', cell: ({ clientId }) => clientId },
      { title: '#Version', field: 'version', cell: ({ version }) => version },
      { title: '#ConsumerRunningInfoFile', field: 'file', cell: ({ file }) => file },
    ],
    footer: () => (infos.size === 0 ? '' : findings(infos, now)),
  })
}

function findings(infos: Infos, now: number): string {
  if (!haveSameSubscriptions(infos, now))
    return '\n\nWARN: Different subscription in the same group of consumer!!!\n'
  const stuck = [...infos].flatMap(([clientId, info]) =>
    stuckQueues(info, now).map(({ queue, what }) => `${clientId} ${javaText.queue(queue)} ${what}\n`),
  )
  return `\n\nSame subscription in the same group of consumer\n\nRebalance OK\n${stuck.join('')}`
}
