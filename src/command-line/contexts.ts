import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { MqError } from '../core/errors.ts'

/** A target by name: the value of a `-n`, or the absolute path of a `--store`. */
export type Context = { readonly namesrvAddr: string } | { readonly store: string }

/** What the file of contexts holds. */
export interface Contexts {
  readonly contexts: Readonly<Record<string, Context>>
  /** The one that `ctx use` chose; null: none. */
  readonly current: string | null
  /** The one before, which `ctx use -` goes back to. */
  readonly previous: string | null
}

const version = 1

/** `$XDG_CONFIG_HOME/pocketmq/contexts.json`, by default below `~/.config`. */
export function contextsFile(env: NodeJS.ProcessEnv): string {
  const { XDG_CONFIG_HOME: home = '' } = env
  return join(isAbsolute(home) ? home : join(homedir(), '.config'), 'pocketmq', 'contexts.json')
}

/** @throws MQ_TARGET when the file is there and cannot be understood */
export function readContexts(env: NodeJS.ProcessEnv): Contexts {
  const path = contextsFile(env)
  let text
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return { contexts: {}, current: null, previous: null }
    throw unusable(path, (error as Error).message)
  }
  try {
    const read = JSON.parse(text) as Partial<Contexts> & { readonly version?: number }
    if (read.version !== version) throw new Error(`its version is ${String(read.version)}, not ${version}`)
    return { contexts: read.contexts ?? {}, current: read.current ?? null, previous: read.previous ?? null }
  } catch (error) {
    throw unusable(path, (error as Error).message)
  }
}

/** Renamed into place: a command that reads meanwhile sees the old ones or the new ones. */
export function writeContexts(env: NodeJS.ProcessEnv, contexts: Contexts): void {
  const path = contextsFile(env)
  const temporary = `${path}.${process.pid}`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(temporary, `${JSON.stringify({ version, ...contexts }, null, 2)}\n`, { mode: 0o600 })
    renameSync(temporary, path)
  } catch (error) {
    throw new MqError('MQ_FAILED', `cannot write ${path}: ${(error as Error).message}`, {
      hint: 'XDG_CONFIG_HOME names another place for it',
      cause: error,
    })
  }
}

/** @throws MQ_TARGET when there is none of that name */
export function contextNamed({ contexts }: Contexts, name: string): Context {
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined
  if (context !== undefined) return context
  const names = Object.keys(contexts).sort()
  throw new MqError('MQ_TARGET', `no context "${name}"`, {
    hint:
      names.length === 0
        ? 'make one: pocketmq ctx add NAME -n host:port'
        : `there are ${names.join(', ')}; more with \`ctx add\``,
  })
}

function unusable(path: string, why: string): MqError {
  return new MqError('MQ_TARGET', `${path} cannot be read: ${why}`, {
    hint: 'mend it or remove it, and make the contexts again with `ctx add`',
  })
}
