import * as Flags from '@oclif/core/flags'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqError } from '../../core/errors.ts'
import type { Served, ServeOptions } from '../../core/embedded/serve.ts'
import { MqCommand, outputFlags, storeFlag, type FlagsOf } from '../../mq-command.ts'
import type { View } from '../../output/view.ts'

type ServeFlags = FlagsOf<typeof Serve>

const topicQueueNumsDefault = 8
const loopbackHosts = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/

export default class Serve extends MqCommand {
  static override summary = 'Serve a folder to RocketMQ clients: name server and broker on one port.'
  static override description =
    'Prints one line with the address when it takes requests, and ends in order at SIGINT or SIGTERM. ' +
    'Commands on the folder go through the server while it runs.'
  static override examples = [
    '$ pocketmq serve --store ./data',
    '$ pocketmq serve --ephemeral --port 0 --topic orders:4 --json',
  ]
  static override baseFlags = outputFlags
  static override flags = {
    store: storeFlag,
    ephemeral: Flags.boolean({ description: 'serve a temporary folder that is removed at the end' }),
    port: flagKinds.count({ max: 65_535, default: 9876, description: 'port; 0 picks a free one' }),
    bind: Flags.string({ default: '127.0.0.1', description: 'address to listen on' }),
    'segment-size': flagKinds.segmentSize(),
    'trust-network': Flags.boolean({
      description: 'needed for another address than loopback: nobody is asked who they are',
    }),
    topic: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'name:queues',
      description: 'make this topic first; may be given more than once',
    }),
  }

  protected override get endsItself(): boolean {
    return true
  }

  protected override get needsFolder(): boolean {
    return true
  }

  protected override async perform(flags: ServeFlags): Promise<View<unknown>> {
    const options = this.#options(flags)
    const { serve } = await import('../../core/embedded/serve.ts')
    const served = await serve(options)
    this.closeAtEnd(served)
    this.target = { kind: 'folder', store: served.store }
    return { ...servedView(served), until: this.#untilInterrupted() }
  }

  #options(flags: ServeFlags): ServeOptions {
    if (flags.ephemeral && flags.store !== undefined) {
      throw new MqError('MQ_USAGE', '--ephemeral and --store exclude each other')
    }
    if (!loopbackHosts.test(flags.bind) && !flags['trust-network']) {
      throw new MqError(
        'MQ_USAGE',
        `${flags.bind} can be reached from the network, and nobody is asked who they are`,
        {
          hint: 'add --trust-network if everyone who can reach it may do everything',
        },
      )
    }
    return {
      store: flags.ephemeral || this.target.kind !== 'folder' ? null : this.target.store,
      port: flags.port,
      bind: flags.bind,
      topics: (flags.topic ?? []).map(parseTopic),
      ...(flags['segment-size'] !== undefined && { segmentSize: flags['segment-size'] }),
    }
  }

  async #untilInterrupted(): Promise<void> {
    const { interrupted } = this
    if (interrupted.aborted) return
    await new Promise((resolve) => interrupted.addEventListener('abort', resolve, { once: true }))
  }
}

function parseTopic(text: string): { name: string; queues: number } {
  const [, name, queues] = /^([^:]+)(?::([1-9]\d{0,4}))?$/.exec(text.trim()) ?? []
  if (name === undefined) {
    throw new MqError('MQ_USAGE', `topic "${text}" is not name or name:queues`, {
      hint: 'for example --topic orders:4',
    })
  }
  return { name, queues: queues === undefined ? topicQueueNumsDefault : Number(queues) }
}

/**
 * RocketMQ flushes once in 500 ms by default, so acknowledged messages may be lost with the machine: said
 * aloud.
 */
function servedView({ address, store }: Served): View<{ address: string; store: string }> {
  return {
    shape: 'one',
    items: [{ address, store }],
    fields: ['address', 'store', 'flushDiskType'],
    toJson: () => ({ address, store, flushDiskType: 'ASYNC_FLUSH' }),
    toId: () => address,
    table: { kind: 'text', item: () => `serving ${store} at ${address}, flushDiskType=ASYNC_FLUSH\n` },
  }
}
