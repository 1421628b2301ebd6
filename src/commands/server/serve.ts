import * as Flags from '@oclif/core/flags'
import type { Config } from '@oclif/core'
import { closeSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { readBrokerConf, type BrokerConf } from '../../command-line/broker-conf.ts'
import { runChild, type ChildCommand } from '../../command-line/child-command.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import type { CommandIo } from '../../command-line/io.ts'
import { parseNamesrv } from '../../command-line/target.ts'
import { descriptorStat } from '../../input/descriptor-stat.ts'
import { MqError } from '../../core/errors.ts'
import type { Served, ServeOptions } from '../../core/embedded/serve.ts'
import { MqCommand, outputFlags, storeFlag, type FlagsOf } from '../../mq-command.ts'
import { lineLog } from '../../output/log-lines.ts'
import type { View } from '../../output/view.ts'

type ServeFlags = FlagsOf<typeof Serve>

const topicQueueNumsDefault = 8
const defaultPort = 9876
const defaultBind = '127.0.0.1'
const loopbackHosts = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/
const hourMs = 3_600_000

export default class Serve extends MqCommand {
  static override summary = 'Serve a folder to RocketMQ clients: name server and broker on one port.'
  static override description =
    'Prints one line with the address when it takes requests, and ends in order at SIGINT or SIGTERM. ' +
    'Commands on the folder go through the server while it runs. With a command behind --, that is run with ' +
    'NAMESRV_ADDR set, and the server ends with it and with its exit status.'
  static override usage = 'serve [FLAGS] [-- COMMAND...]'
  static override examples = [
    '$ pocketmq serve --store ./data',
    '$ pocketmq serve --ephemeral --port 0 --topic orders:4 --json',
    '$ pocketmq serve --ephemeral --port 0 --topic orders:4 -- npm test',
    "$ pocketmq serve --role broker --namesrv 'ns1:9876;ns2:9876' --broker-name broker-b --port 10911",
  ]
  static override baseFlags = outputFlags
  static override flags = {
    store: storeFlag,
    ephemeral: Flags.boolean({ description: 'serve a temporary folder that is removed at the end' }),
    role: Flags.option({ options: ['namesrv', 'broker', 'both'] as const })({
      default: 'both',
      description: 'what to be; a broker alone needs --namesrv',
    }),
    port: flagKinds.count({ max: 65_535, description: `port; 0 picks a free one; default ${defaultPort}` }),
    bind: Flags.string({ description: `address to listen on; default ${defaultBind}` }),
    'trust-network': Flags.boolean({
      description: 'needed for another address than loopback: nobody is asked who they are',
    }),
    advertise: Flags.string({
      env: 'POCKETMQ_ADVERTISE',
      helpValue: 'host[:port]',
      description: 'address that clients are told; default: the one they dialled',
    }),
    namesrv: Flags.string({
      helpValue: 'a:9876;b:9876',
      description: 'name servers elsewhere to register with',
    }),
    cluster: Flags.string({ description: 'cluster a new folder is of; default DefaultCluster' }),
    'broker-name': Flags.string({ description: 'broker name a new folder is of; default broker-a' }),
    'broker-id': flagKinds.count({ max: 0, description: 'only 0, a master: nothing is copied from another' }),
    config: Flags.string({
      helpValue: 'broker.conf',
      description: "file with RocketMQ's property names; flags come before it",
    }),
    flush: Flags.option({ options: ['sync', 'async'] as const })({
      description: 'acknowledge a message once it is on the disk, or within 500 ms before; default async',
    }),
    'segment-size': flagKinds.segmentSize(),
    topic: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'name:queues',
      description: 'make this topic first; may be given more than once',
    }),
    group: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      description: 'make this consumer group first; may be given more than once',
    }),
    'log-format': Flags.option({ options: ['text', 'json'] as const })({
      default: 'text',
      description: 'how log lines on stderr are written',
    }),
    'ready-fd': flagKinds.count({
      min: 1,
      description: 'write the address to this file descriptor when it takes requests, and close it',
    }),
  }

  readonly #command: readonly string[] | null
  #child: ChildCommand | null = null

  constructor(argv: string[], config: Config, io?: CommandIo) {
    const split = argv.indexOf('--')
    super(split === -1 ? argv : argv.slice(0, split), config, io)
    this.#command = split === -1 ? null : argv.slice(split + 1)
  }

  protected override get endsItself(): boolean {
    return true
  }

  protected override get needsFolder(): boolean {
    return true
  }

  /** A child decides itself when to end. At a terminal an interrupt reaches it as well as this process. */
  protected override readonly handlesSignal = (signal: 'SIGINT' | 'SIGTERM'): boolean => {
    if (this.#child === null) return false
    if (signal === 'SIGTERM' || !process.stdin.isTTY) this.#child.signal(signal)
    return true
  }

  protected override async perform(flags: ServeFlags): Promise<View<unknown> | number> {
    if (this.#command?.length === 0) {
      throw new MqError('MQ_USAGE', 'there is no command behind --', { hint: 'write it: -- npm test' })
    }
    const readyFd = flags['ready-fd']
    if (readyFd !== undefined) checkDescriptor(readyFd)
    const options = this.#options(flags)
    const { serve } = await import('../../core/embedded/serve.ts')
    const served = await serve(options)
    this.closeAtEnd(served)
    this.target = { kind: 'folder', store: served.store }
    if (readyFd !== undefined) tellReady(readyFd, served.address)
    const said = servedView(served, options)
    if (this.#command === null) return { ...said, until: this.#untilInterrupted() }
    // the output is the command's
    this.note(said.text)
    return this.#runCommand(this.#command, served)
  }

  #runCommand(command: readonly string[], { namesrv }: Served): Promise<number> {
    const env = { ...this.env, NAMESRV_ADDR: namesrv }
    // they would name another target than the one that was just made
    for (const name of ['POCKETMQ_STORE', 'POCKETMQ_CONTEXT']) Reflect.deleteProperty(env, name)
    this.#child = runChild(command, env)
    if (this.interrupted.aborted) this.#child.signal('SIGTERM')
    return this.#child.ended
  }

  #options(flags: ServeFlags): ServeOptions {
    const conf = this.#conf(flags)
    const bind = flags.bind ?? conf.bind ?? defaultBind
    const namesrv = flags.namesrv ?? conf.namesrv
    const brokerName = flags['broker-name'] ?? conf.brokerName
    const clusterName = flags.cluster ?? conf.clusterName
    const advertise = flags.advertise ?? conf.advertise
    const segmentSize = flags['segment-size'] ?? conf.segmentSize
    const flush = flags.flush ?? conf.flush
    const { autoCreateTopics, messageDelayLevel, transactionCheckMs } = conf
    checkNetwork(bind, flags['trust-network'])
    checkRole(flags, namesrv)
    return {
      store: this.#store(flags, conf),
      role: flags.role,
      port: flags.port ?? conf.port ?? defaultPort,
      bind,
      topics: (flags.topic ?? []).map(parseTopic),
      groups: flags.group ?? [],
      log: lineLog(flags['log-format'], (line) => this.note(line.trimEnd())),
      ...(namesrv !== undefined && { namesrv: parseNamesrv(namesrv) }),
      ...(brokerName !== undefined && { brokerName }),
      ...(clusterName !== undefined && { clusterName }),
      ...(advertise !== undefined && { advertise }),
      ...(segmentSize !== undefined && { segmentSize }),
      ...(flush !== undefined && { flush }),
      ...(autoCreateTopics !== undefined && { autoCreateTopics }),
      ...(messageDelayLevel !== undefined && { messageDelayLevel }),
      ...(transactionCheckMs !== undefined && { transactionCheckMs }),
      retention: retentionIn(conf),
    }
  }

  #conf(flags: ServeFlags): BrokerConf {
    if (flags.config === undefined) return {}
    const { conf, ignored } = readBrokerConf(flags.config)
    if (ignored.length > 0) this.note(`warning: ${flags.config}: without meaning here: ${ignored.join(', ')}`)
    return conf
  }

  /** Null: a temporary one. */
  #store(flags: ServeFlags, conf: BrokerConf): string | null {
    if (flags.ephemeral && flags.store !== undefined)
      throw new MqError('MQ_USAGE', '--ephemeral and --store exclude each other')
    if (flags.ephemeral) return null
    if (flags.store === undefined && conf.store !== undefined) return resolve(conf.store)
    return this.target.kind === 'folder' ? this.target.store : null
  }

  async #untilInterrupted(): Promise<void> {
    const { interrupted } = this
    if (interrupted.aborted) return
    await new Promise((resolve) => interrupted.addEventListener('abort', resolve, { once: true }))
  }
}

/** What the file says goes before what the folder was told. */
function retentionIn({ retentionHours, retentionBytes }: BrokerConf): NonNullable<ServeOptions['retention']> {
  return {
    ...(retentionHours !== undefined && { ageMaxMs: retentionHours * hourMs }),
    ...(retentionBytes !== undefined && { sizeMax: retentionBytes === 0 ? Infinity : retentionBytes }),
  }
}

function checkNetwork(bind: string, trusted: boolean): void {
  if (loopbackHosts.test(bind) || trusted) return
  throw new MqError('MQ_USAGE', `${bind} can be reached from the network, and nobody is asked who they are`, {
    hint: 'add --trust-network if everyone who can reach it may do everything',
  })
}

/** Flags of a broker. */
const brokerFlags = [
  'topic',
  'group',
  'cluster',
  'broker-name',
  'broker-id',
  'flush',
  'segment-size',
] as const

function checkRole(flags: ServeFlags, namesrv: string | undefined): void {
  const { role } = flags
  if (role === 'broker' && namesrv === undefined) {
    throw new MqError('MQ_USAGE', 'a broker alone is found by nobody', {
      hint: 'name the name servers it registers with: --namesrv host:9876',
    })
  }
  if (role !== 'namesrv') return
  if (namesrv !== undefined) {
    throw new MqError('MQ_USAGE', 'name servers do not register with each other', {
      hint: 'leave out --namesrv',
    })
  }
  const given = brokerFlags.find((name) => flags[name] !== undefined)
  if (given !== undefined)
    throw new MqError('MQ_USAGE', `--${given} is for a broker`, { hint: 'leave it out, or --role namesrv' })
}

/** @throws MQ_USAGE */
function checkDescriptor(fd: number): void {
  try {
    descriptorStat(fd)
  } catch (cause) {
    throw new MqError('MQ_USAGE', `--ready-fd: file descriptor ${fd} is not open`, { cause })
  }
}

function tellReady(fd: number, address: string): void {
  try {
    writeSync(fd, `${address}\n`)
    if (fd > 2) closeSync(fd)
  } catch {
    // whoever waited for it has gone
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

interface ServedItem {
  readonly address: string
  readonly store: string
}

/**
 * RocketMQ flushes once in 500 ms by default, so acknowledged messages may be lost with the machine: said
 * aloud.
 */
function servedView(
  { address, store }: Served,
  { flush = 'async', role = 'both' }: ServeOptions,
): View<ServedItem> & { readonly text: string } {
  const flushDiskType = flush === 'sync' ? 'SYNC_FLUSH' : 'ASYNC_FLUSH'
  const text =
    role === 'namesrv'
      ? `name server at ${address}, configuration in ${store}`
      : `serving ${store} at ${address}, flushDiskType=${flushDiskType}`
  return {
    shape: 'one',
    items: [{ address, store }],
    fields: ['address', 'store', 'flushDiskType', 'role'],
    toJson: () => ({ address, store, flushDiskType, role }),
    toId: () => address,
    table: { kind: 'text', item: () => `${text}\n` },
    text,
  }
}
