import type { RemoteInvoker } from '../client/remote-invoker.ts'
import { MqError } from '../errors.ts'
import type { Timers } from '../lib/clock.ts'
import { crc32 } from '../lib/crc32.ts'
import type { Log } from '../lib/log.ts'
import { formatHost, hostOf } from '../model/host.ts'
import type { DataVersion } from '../model/route.ts'
import type { TopicConfig } from '../model/topic.ts'
import { encodeRegistration } from '../remoting/bodies/broker-registration.ts'
import { ResponseCode } from '../remoting/response-codes.ts'

export interface RegistrarOptions {
  readonly clusterName: string
  readonly brokerName: string
  readonly brokerId: number
  topics(): readonly TopicConfig[]
  dataVersion(): DataVersion
  /** `host:port` each. */
  readonly namesrv: readonly string[]
  /** What name servers are told; null: the address that each is dialled from, with `port`. */
  readonly advertise: string | null
  readonly port: number
  readonly invoker: Pick<RemoteInvoker, 'invoke' | 'localHost'>
  readonly timers: Timers
  readonly log: Log
}

/** BrokerConfig.registerNameServerPeriod */
const periodMs = 30_000
/** After a failure, doubled with each: a name server that is started beside this one is found soon. */
const firstRetryMs = 1000

interface NamesrvState {
  readonly address: string
  /** What it was told this broker's address is; null: it knows nothing of this broker. */
  registeredAs: string | null
  /** Topics it has not been told of since. */
  readonly changed: Map<string, TopicConfig>
  running: Promise<void> | null
  failures: number
  cancel: () => void
}

/**
 * Registers a broker with name servers, each for itself: BrokerController.registerBrokerAll, and with it
 * QUERY_DATA_VERSION as RocketMQ's forceRegister=false, so that 50,000 topics travel when they changed only.
 * Topics that change are told at once. One name server that is down stops nothing.
 */
export class Registrar {
  readonly #options: RegistrarOptions
  readonly #states: readonly NamesrvState[]
  #scheduled: NodeJS.Immediate | null = null
  #closed = false

  constructor(options: RegistrarOptions) {
    this.#options = options
    this.#states = options.namesrv.map((address) => ({
      address,
      registeredAs: null,
      changed: new Map(),
      running: null,
      failures: 0,
      cancel: () => undefined,
    }))
  }

  /** Resolves when each name server was told, or could not be: those are tried again. */
  async start(): Promise<void> {
    await Promise.all(this.#states.map((state) => this.#run(state)))
  }

  topicChanged(config: TopicConfig): void {
    for (const { changed } of this.#states) changed.set(config.topicName, config)
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = null
      for (const state of this.#states) if (state.registeredAs !== null) void this.#run(state)
    })
  }

  /** Tells the name servers that know this broker that it goes. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#scheduled !== null) clearImmediate(this.#scheduled)
    await Promise.all(this.#states.map((state) => this.#leave(state)))
  }

  async #leave(state: NamesrvState): Promise<void> {
    state.cancel()
    await state.running
    if (state.registeredAs === null) return
    const header = this.#header(state.registeredAs)
    const call = { header, body: undefined }
    // one that does not answer finds out by the connection
    await this.#options.invoker.invoke(state.address, 'UNREGISTER_BROKER', call).catch(() => undefined)
  }

  /** One exchange with a name server at a time: it must hear of versions in their order. */
  #run(state: NamesrvState): Promise<void> {
    state.running ??= this.#tell(state).finally(() => {
      state.running = null
      if (this.#closed) return
      if (state.changed.size > 0 && state.registeredAs !== null) void this.#run(state)
    })
    return state.running
  }

  async #tell(state: NamesrvState): Promise<void> {
    state.cancel()
    const { log, timers } = this.#options
    try {
      await this.#synchronise(state)
      if (state.failures > 0) log('info', 'registered', `registered with name server ${state.address}`)
      state.failures = 0
    } catch (error) {
      state.registeredAs = null
      const why = (error as Error).message
      if (state.failures++ === 0) {
        log('warn', 'not-registered', `not registered with name server ${state.address}: ${why}`, {
          namesrv: state.address,
        })
      }
    }
    if (this.#closed) return
    const retryMs = Math.min(periodMs, firstRetryMs * 2 ** (state.failures - 1))
    state.cancel = timers.after(state.failures === 0 ? periodMs : retryMs, () => void this.#run(state))
  }

  async #synchronise(state: NamesrvState): Promise<void> {
    if (state.registeredAs === null) return this.#register(state, this.#options.topics())
    if (state.changed.size > 0) return this.#register(state, [...state.changed.values()])
    const { invoker, dataVersion } = this.#options
    const header = this.#header(state.registeredAs)
    const reply = await invoker.invoke(state.address, 'QUERY_DATA_VERSION', { header, body: dataVersion() })
    checkAnswer(reply)
    if (reply.header?.changed === true) await this.#register(state, this.#options.topics())
  }

  async #register(state: NamesrvState, topics: readonly TopicConfig[]): Promise<void> {
    const { invoker, dataVersion } = this.#options
    state.changed.clear()
    const address = await this.#addressFor(state)
    const body = encodeRegistration({ dataVersion: dataVersion(), topics })
    const header = {
      ...this.#header(address),
      // nothing is copied from here, but the field must be there
      haServerAddr: address,
      enableActingMaster: false,
      compressed: false,
      bodyCrc32: crc32(body),
    }
    checkAnswer(await invoker.invoke(state.address, 'REGISTER_BROKER', { header, body }))
    state.registeredAs = address
  }

  async #addressFor({ address }: NamesrvState): Promise<string> {
    const { advertise, invoker, port } = this.#options
    return advertise ?? formatHost(hostOf(await invoker.localHost(address), port))
  }

  #header(brokerAddr: string): {
    brokerName: string
    brokerAddr: string
    clusterName: string
    brokerId: number
  } {
    const { brokerName, clusterName, brokerId } = this.#options
    return { brokerName, brokerAddr, clusterName, brokerId }
  }
}

/** @throws MQ_… for a refusal */
function checkAnswer({ code, remark }: { readonly code: number; readonly remark: string | null }): void {
  if (code !== ResponseCode.success) throw MqError.fromResponse(code, remark, 'refused')
}
