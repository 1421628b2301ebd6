import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { build } from 'esbuild'

/** One bench file as one script: a process of it starts as fast as a command does. */
export class Worker {
  readonly #script: string

  private constructor(script: string) {
    this.#script = script
  }

  static async of(name: string): Promise<Worker> {
    const outfile = join(import.meta.dirname, '../node_modules/.cache/pocketmq-bench', `${name}.mjs`)
    await build({
      entryPoints: [join(import.meta.dirname, `${name}.ts`)],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile,
      external: ['better-sqlite3'],
      logLevel: 'error',
    })
    return new Worker(outfile)
  }

  /** Runs to the end. @returns what it told, and ms of the whole process */
  run(...args: readonly (string | number)[]): { readonly told: unknown; readonly ms: number } {
    const started = performance.now()
    const done = spawnSync(process.execPath, [this.#script, ...args.map(String)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 1 << 28,
    })
    const ms = performance.now() - started
    if (done.status !== 0) throw new Error(`${args.join(' ')} ended with ${done.status}`)
    return { told: JSON.parse(done.stdout) as unknown, ms }
  }

  start(...args: readonly (string | number)[]): ChildProcess {
    return spawn(process.execPath, [this.#script, ...args.map(String)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }
}

/** The share-th of them in order. */
export function quantile(numbers: readonly number[], share: number): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * share)]!
}
