import type { Config, Interfaces } from '@oclif/core'
import { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import type { Readable } from 'node:stream'
import { rewriteFormatFlag, wantsHelp, wantsJson, type FlagShapes } from './command-line/argv.ts'
import { asMqError, failureText, usesColour } from './command-line/failure.ts'
import { flagKinds } from './command-line/flag-kinds.ts'
import { processIo, type CommandIo } from './command-line/io.ts'
import { resolveTarget } from './command-line/target.ts'
import type { MqAdmin, Target } from './core/client/admin.ts'
import { MqError } from './core/errors.ts'
import { chooseFormat, formatWords, type Format } from './output/format.ts'
import { render } from './output/render.ts'
import { ClosedPipeError } from './output/sink.ts'
import type { View } from './output/view.ts'

const helpGroup = 'GLOBAL'

export const outputFlags = {
  output: Flags.string({ helpGroup, helpValue: formatWords, description: 'output format; short: -o' }),
  json: Flags.boolean({ helpGroup, description: 'short for --output json' }),
  quiet: Flags.boolean({ helpGroup, description: 'print ids only' }),
  columns: Flags.string({ helpGroup, helpValue: 'a,b', description: 'columns or fields to print' }),
  'no-headers': Flags.boolean({ helpGroup, description: 'no header line in tables' }),
  utc: Flags.boolean({ helpGroup, description: 'times in UTC; JSON always has epoch milliseconds' }),
  timeout: flagKinds.duration({ helpGroup, description: 'for one request: 500ms, 30s, 2m; default 5s' }),
}

export const storeFlag = Flags.string({
  helpGroup,
  helpValue: 'DIR',
  description: 'folder of the broker; default POCKETMQ_STORE, then ~/.pocketmq',
})

const targetFlags = {
  namesrvAddr: Flags.string({
    char: 'n',
    helpGroup,
    helpValue: 'host:port',
    description: 'name servers of a cluster, "a:9876;b:9876"; default NAMESRV_ADDR',
  }),
  store: storeFlag,
  context: Flags.string({
    helpGroup,
    helpValue: 'NAME',
    description: 'a target by name: see `ctx add`; default POCKETMQ_CONTEXT, last the one of `ctx use`',
  }),
}

/** The flags of a command as parsed, without those every command has. */
export type FlagsOf<C extends typeof MqCommand> = Interfaces.InferredFlags<C['flags']>

export type ArgsOf<C extends typeof MqCommand> = Interfaces.InferredArgs<C['args']>

/** The values that this class itself reads; a command without a target has no namesrvAddr. */
interface GlobalValues {
  readonly output?: string
  readonly json: boolean
  readonly quiet: boolean
  readonly columns?: string
  readonly 'no-headers': boolean
  readonly utc: boolean
  readonly timeout?: number
  readonly namesrvAddr?: string
  readonly store?: string
  readonly context?: string
}

/**
 * Every command: flags in, a view out. This is the one file that knows oclif's life cycle, and it takes from
 * it the parser and the description of flags only: oclif loses exit statuses under JSON, dumps its internals
 * for a wrong flag, prints nothing for a falsy result and lets a closed pipe pass (oclif/core#1423).
 */
export abstract class MqCommand extends Command {
  static override baseFlags: Interfaces.FlagInput = { ...outputFlags, ...targetFlags }
  static override flags = {}

  readonly #io: CommandIo
  readonly #interrupted = new AbortController()
  #values: GlobalValues | null = null
  #admin: Promise<MqAdmin> | null = null
  #open: { close(): Promise<void> }[] = []
  #target: Target | null = null

  constructor(argv: string[], config: Config, io: CommandIo = processIo(calledAsMqadmin())) {
    super(argv, config)
    this.#io = io
  }

  /**
   * The work of the command. Check flags before connecting: a usage error must not open a folder.
   * @returns what to print; a number is the exit status of another command, which has printed itself
   */
  protected abstract perform(flags: object, args: object): Promise<View<unknown> | number>

  /** True for a command that ends by itself, in order, when `interrupted` says so. */
  protected get endsItself(): boolean {
    return false
  }

  /** What a command does itself about a signal; true: then nothing else is done. */
  protected readonly handlesSignal: (signal: 'SIGINT' | 'SIGTERM') => boolean = () => false

  override async run(): Promise<void> {
    process.exitCode = await this.runToStatus()
  }

  /** Runs to the exit status; throws nothing. */
  async runToStatus(): Promise<number> {
    const io = this.#io
    const json = wantsJson(this.argv, this.#shapes)
    const off = io.onInterrupt((signal) => this.#interrupt(signal, json))
    try {
      const status = await this.#performAndRender()
      await this.#close()
      return status
    } catch (thrown) {
      if (thrown instanceof ClosedPipeError) return 0
      await io.out.flush().catch(() => undefined) // what was done before the error
      const error = asMqError(thrown)
      const colour = usesColour(io.errIsTerminal, io.env)
      io.err(failureText(error, json, colour))
      if (io.env.DEBUG !== undefined && thrown instanceof Error) io.err(`${thrown.stack ?? ''}\n`)
      return error.exit
    } finally {
      off()
      await this.#close().catch(() => undefined) // after a failure, the first error is the one to tell
    }
  }

  /** True for a command that no cluster can do. */
  protected get needsFolder(): boolean {
    return false
  }

  /** Closes it when the command ends, in whatever way; an error of it is the command's. */
  protected closeAtEnd(resource: { close(): Promise<void> }): void {
    this.#open.push(resource)
  }

  /**
   * Opens the target, once. `read`: a folder without a store is an error, and not made into one.
   * @param segmentSize of a folder that is made
   * @throws MQ_USAGE when a cluster is given a segment size
   */
  protected connect(access: 'read' | 'write', segmentSize?: number): Promise<MqAdmin> {
    const timeoutMs = this.#values?.timeout
    if (segmentSize !== undefined && this.target.kind !== 'folder') {
      throw new MqError('MQ_USAGE', '--segment-size is for a folder', {
        hint: "a broker's is its mappedFileSizeCommitLog",
      })
    }
    this.#admin ??= this.#io
      .connect(this.target, {
        create: access === 'write',
        ...(timeoutMs !== undefined && { timeoutMs }),
        ...(segmentSize !== undefined && { segmentSize }),
      })
      .then((admin) => {
        this.closeAtEnd(admin)
        return admin
      })
    return this.#admin
  }

  /** The target opened for the caller to close, each time again; a folder without a store stays without. */
  protected connectAnew(timeoutMs: number): Promise<MqAdmin> {
    return this.#io.connect(this.target, { create: false, timeoutMs })
  }

  protected get env(): NodeJS.ProcessEnv {
    return this.#io.env
  }

  protected get timeoutMs(): number | undefined {
    return this.#values?.timeout
  }

  /** @throws MQ_TARGET */
  protected get target(): Target {
    const { namesrvAddr, store, context } = this.#values ?? {}
    const { env, asMqadmin } = this.#io
    const folderOnly = this.needsFolder
    this.#target ??= resolveTarget({ flags: { namesrvAddr, store, context }, env, asMqadmin, folderOnly })
    return this.#target
  }

  /** Called as mqadmin nothing asks: that is what runbooks were written for. @throws MQ_USAGE */
  protected mustConfirm(yes: boolean, what: string): void {
    if (yes || this.#io.asMqadmin) return
    throw new MqError('MQ_USAGE', `${what}: this cannot be taken back, and nothing was done`, {
      hint: 'add --yes to do it',
    })
  }

  /** For a command whose target is found in another way. */
  protected set target(target: Target) {
    this.#target = target
  }

  protected get stdin(): Readable {
    return this.#io.stdin()
  }

  /** Aborted at the first SIGINT or SIGTERM. */
  protected get interrupted(): AbortSignal {
    return this.#interrupted.signal
  }

  /** Resolves when everything that was rendered has been written out. @throws ClosedPipeError */
  protected outputWritten(): Promise<void> {
    return this.#io.out.flush()
  }

  /** A line for people beside the output. */
  protected note(text: string): void {
    this.#io.err(text + '\n')
  }

  /** Where a spinner may be drawn: ora never ends on a terminal of 0 columns, as `script` and CI have. */
  protected get showsProgress(): boolean {
    const { errIsTerminal, errColumns } = this.#io
    return errIsTerminal && errColumns > 0 && this.#values?.quiet !== true
  }

  protected get utc(): boolean {
    return this.#values?.utc === true
  }

  /** True where the output is mqadmin's own, for a person. */
  protected get printsTable(): boolean {
    return this.#format.kind === 'table'
  }

  /** True where nothing is printed before all is there: columns are as wide as the widest. */
  protected get printsAtEnd(): boolean {
    return this.#format.kind === 'wide'
  }

  get #format(): Format {
    return chooseFormat(this.#values ?? {})
  }

  get #shapes(): FlagShapes {
    return flagShapes(this.ctor)
  }

  async #performAndRender(): Promise<number> {
    const { flags, args } = await this.parse(this.ctor, rewriteFormatFlag(this.argv, this.#shapes))
    checkBlanks(flags, this.#shapes)
    const values = flags as unknown as GlobalValues
    this.#values = values
    const options = {
      format: this.#format,
      columns: values.columns === undefined ? null : values.columns.split(',').map((name) => name.trim()),
      headers: !values['no-headers'],
    }
    for (;;) {
      const view = await this.perform(flags, args)
      if (typeof view === 'number') return view
      await render(view, { ...options, target: this.#target }, this.#io.out)
      await this.#io.out.flush()
      await view.until
      if (view.repeatMs === undefined) return 0
      await new Promise((resolve) => setTimeout(resolve, view.repeatMs))
    }
  }

  #interrupt(signal: 'SIGINT' | 'SIGTERM', json: boolean): void {
    if (this.handlesSignal(signal)) return
    const again = this.interrupted.aborted
    this.#interrupted.abort()
    if (this.endsItself && !again) return
    const error = new MqError('MQ_INTERRUPTED', `interrupted by ${signal}`)
    this.#io.err(failureText(error, json, usesColour(this.#io.errIsTerminal, this.#io.env)))
    this.#io.exit(error.exit)
  }

  /** What closing tells (a last sync that failed) counts. */
  async #close(): Promise<void> {
    for (const resource of this.#open.splice(0)) await resource.close()
  }
}

function flagShapes(command: FlagOwner): FlagShapes {
  return { ...command.baseFlags, ...command.flags }
}

/** What may be empty: contents, and what is nothing then. A required one may not, but for a new value. */
const mayBeBlank = new Set(['body', 'tags', 'key', 'attributes', 'subExpression', 'format'])

/**
 * A name of nothing is a variable of the script that has no value: `deleteTopic -t "$TOPIC"`.
 * @throws MQ_USAGE
 */
function checkBlanks(values: Readonly<Record<string, unknown>>, shapes: FlagShapes): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== 'string' || value.trim() !== '' || name === 'value') continue
    if (mayBeBlank.has(name) && shapes[name]?.required !== true) continue
    throw new MqError('MQ_USAGE', `--${name} is empty`, {
      hint: 'a variable of the script without a value? Leave the flag out, or give it one',
    })
  }
}

function calledAsMqadmin(): boolean {
  return /(^|[/\\])mqadmin(\.\w+)?$/i.test(process.argv[1] ?? '')
}

type FlagOwner = Pick<typeof Command, 'flags' | 'baseFlags'>
type CommandClass = FlagOwner & (new (argv: string[], config: Config) => MqCommand)

/** What oclif's parser asks of its Config; loading the real one costs as much as a whole command. */
function lightConfig(version: string): Config {
  const light: Pick<Config, 'bin' | 'version' | 'runHook'> = {
    bin: 'pocketmq',
    version,
    runHook: () => Promise.resolve({ successes: [], failures: [] }),
  }
  return light as Config
}

/** Runs a command to its exit status, or null: it was asked for its help. */
export async function runCommand(
  command: CommandClass,
  argv: string[],
  version: string,
): Promise<number | null> {
  if (wantsHelp(argv, flagShapes(command))) return null
  return new command(argv, lightConfig(version)).runToStatus()
}

const typosMax = 2

/** Says that there is no such command. */
export async function failUnknownCommand(
  name: string,
  names: readonly string[],
  argv: readonly string[],
): Promise<number> {
  const { distance } = await import('fastest-levenshtein')
  const near = names.filter((known) => distance(name.toLowerCase(), known.toLowerCase()) <= typosMax)
  const error = new MqError('MQ_USAGE', `no command "${name}"`, {
    hint: near.length === 0 ? 'see `pocketmq help`' : `did you mean ${near.join(' or ')}?`,
  })
  const io = processIo(calledAsMqadmin())
  const json = wantsJson(argv, outputFlags)
  io.err(failureText(error, json, usesColour(io.errIsTerminal, io.env)))
  return error.exit
}
