import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Target } from '../core/client/admin.ts'
import { MqError } from '../core/errors.ts'
import { contextNamed, readContexts, type Context } from './contexts.ts'

export interface TargetSources {
  readonly flags: {
    readonly namesrvAddr?: string | undefined
    readonly store?: string | undefined
    readonly context?: string | undefined
  }
  readonly env: NodeJS.ProcessEnv
  /** Called under the name `mqadmin`: a runbook that forgot its address must not write to a folder. */
  readonly asMqadmin: boolean
  /** For a command that no cluster can do: what names one is not looked at. */
  readonly folderOnly?: boolean
}

/** One way to name a target: how it reads in an error, and the value it has. */
interface Source {
  readonly name: string
  readonly value: string | undefined
  readonly read: (value: string) => Target
}

/**
 * The order of precedence: the first rank that names a target wins, and two in one rank are an error. The
 * file of contexts is read only where a rank before it names none.
 * @throws MQ_TARGET
 */
export function resolveTarget({ flags, env, asMqadmin, folderOnly = false }: TargetSources): Target {
  const inContext = (name: string): Target => targetOf(contextNamed(readContexts(env), name))
  const ranks: readonly (() => readonly Source[])[] = [
    () => [
      { name: '--namesrvAddr', value: flags.namesrvAddr, read: clusterAt },
      { name: '--store', value: flags.store, read: folderAt },
      { name: '--context', value: flags.context, read: inContext },
    ],
    () => [{ name: 'POCKETMQ_CONTEXT', value: notBlank(env.POCKETMQ_CONTEXT), read: inContext }],
    () => [
      { name: 'NAMESRV_ADDR', value: notBlank(env.NAMESRV_ADDR), read: clusterAt },
      { name: 'POCKETMQ_STORE', value: notBlank(env.POCKETMQ_STORE), read: folderAt },
    ],
    () => [{ name: '`ctx use`', value: readContexts(env).current ?? undefined, read: inContext }],
    () => (asMqadmin ? [] : [{ name: 'default', value: join(homedir(), '.pocketmq'), read: folderAt }]),
  ]
  for (const rank of ranks) {
    const named = rank().filter(
      ({ value, read }) => value !== undefined && !(folderOnly && read === clusterAt),
    )
    if (named.length > 1) {
      throw new MqError('MQ_TARGET', `two targets: ${named.map(({ name }) => name).join(' and ')}`)
    }
    const [source] = named
    if (source?.value === undefined) continue
    const target = source.read(source.value)
    // a context that was only chosen some time ago is passed over, one that was asked for is not
    if (folderOnly && target.kind === 'cluster' && source.name !== '--context') continue
    return target
  }
  throw new MqError('MQ_TARGET', 'mqadmin needs a target', {
    hint: 'give -n host:port or set NAMESRV_ADDR; for a folder, --store DIR or call it as pocketmq',
  })
}

function targetOf(context: Context): Target {
  return 'store' in context ? folderAt(context.store) : clusterAt(context.namesrvAddr)
}

function notBlank(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value
}

const addressForm = /^(\[[\da-fA-F:.%]+\]|[^\s:;,/]+):(\d{1,5})$/

function clusterAt(value: string): Target {
  return { kind: 'cluster', namesrv: parseNamesrv(value) }
}

/** `host:port`, several joined with `;`. @throws MQ_TARGET */
export function parseNamesrv(value: string): string[] {
  const namesrv = value
    .split(';')
    .map((address) => address.trim())
    .filter((address) => address !== '')
  const bad = namesrv.find((address) => Number(addressForm.exec(address)?.[2] ?? 65536) > 65535)
  if (namesrv.length === 0 || bad !== undefined) {
    throw new MqError('MQ_TARGET', `not a name server address: "${bad ?? value}"`, {
      hint: 'write host:port, several as "a:9876;b:9876"',
    })
  }
  return namesrv
}

function folderAt(value: string): Target {
  if (value.trim() === '') throw new MqError('MQ_TARGET', '--store is empty', { hint: 'write --store DIR' })
  return { kind: 'folder', store: resolve(value) }
}
