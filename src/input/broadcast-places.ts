import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Target } from '../core/client/admin.ts'
import { MqError } from '../core/errors.ts'
import { groupNameFault } from '../core/model/names.ts'
import type { MessageQueue } from '../core/model/queue.ts'

interface SavedPlaces {
  readonly version: number
  readonly places: readonly (MessageQueue & { readonly nextOffset: number })[]
}

const version = 1

/**
 * How far a broadcasting group is, on this machine: the broker is told nothing, as RocketMQ's
 * LocalFileOffsetStore. One file a group and target, below `$XDG_STATE_HOME/pocketmq`, by default
 * `~/.local/state`.
 */
export class BroadcastPlaces {
  readonly #path: string
  readonly #nextOffsets = new Map<string, MessageQueue & { nextOffset: number }>()
  #changed = false

  /** @throws MQ_USAGE for a group that cannot be one, MQ_FAILED when the file cannot be understood */
  constructor(group: string, target: Target, env: NodeJS.ProcessEnv) {
    const fault = groupNameFault(group)
    if (fault !== null) throw new MqError('MQ_USAGE', fault)
    const { XDG_STATE_HOME: home = '' } = env
    const state = isAbsolute(home) ? home : join(homedir(), '.local', 'state')
    const where = target.kind === 'folder' ? resolve(target.store) : [...target.namesrv].sort().join(';')
    const hash = createHash('sha256').update(where).digest('hex').slice(0, 16)
    this.#path = join(state, 'pocketmq', 'broadcast', group, `${hash}.json`)
    for (const place of this.#read()) this.#nextOffsets.set(keyOf(place), place)
  }

  #read(): SavedPlaces['places'] {
    let text
    try {
      text = readFileSync(this.#path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw this.#unusable(error)
    }
    try {
      const saved = JSON.parse(text) as SavedPlaces
      if (saved.version !== version) throw new Error(`its version is ${saved.version}, not ${version}`)
      return saved.places
    } catch (error) {
      throw this.#unusable(error)
    }
  }

  /** Null: the group has read nothing of the queue here. */
  nextOffset(queue: MessageQueue): number | null {
    return this.#nextOffsets.get(keyOf(queue))?.nextOffset ?? null
  }

  /** Everything before an offset has been read. */
  reached({ topic, brokerName, queueId }: MessageQueue, nextOffset: number): void {
    const place = { topic, brokerName, queueId, nextOffset }
    if (this.nextOffset(place) === nextOffset) return
    this.#nextOffsets.set(keyOf(place), place)
    this.#changed = true
  }

  /** Renamed into place: whoever is killed leaves the places before, and reads a little twice. */
  save(): void {
    if (!this.#changed) return
    const saved: SavedPlaces = { version, places: [...this.#nextOffsets.values()] }
    const temporary = `${this.#path}.${process.pid}`
    try {
      mkdirSync(dirname(this.#path), { recursive: true })
      writeFileSync(temporary, `${JSON.stringify(saved)}\n`)
      renameSync(temporary, this.#path)
    } catch (error) {
      throw this.#unusable(error)
    }
    this.#changed = false
  }

  #unusable(error: unknown): MqError {
    return new MqError('MQ_FAILED', `${this.#path}: ${(error as Error).message}`, {
      hint: 'the file says how far a broadcasting group is; without it the group begins anew',
    })
  }
}

function keyOf({ topic, brokerName, queueId }: MessageQueue): string {
  return `${topic}/${brokerName}/${queueId}`
}
