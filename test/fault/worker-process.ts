import { spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

let bundled: Promise<string> | null = null

/** worker.ts as one file: starts in a tenth of the time, and there are hundreds. */
function bundle(): Promise<string> {
  bundled ??= (async () => {
    const root = join(import.meta.dirname, '../..')
    const outfile = join(root, 'node_modules/.cache/pocketmq-fault', `worker-${process.pid}.mjs`)
    await build({
      entryPoints: [join(import.meta.dirname, 'worker.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile,
      external: ['better-sqlite3'],
      logLevel: 'error',
    })
    return outfile
  })()
  return bundled
}

/** A worker, and everything it has told so far, which also goes to a file that only grows. */
export class WorkerProcess {
  readonly id: string
  readonly lines: string[] = []
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  readonly #ready: Promise<void>
  #rest = ''
  #errors = ''

  private constructor(child: ChildProcess, id: string, oracle: string) {
    this.#child = child
    this.id = id
    let ready: () => void
    this.#ready = new Promise((resolve) => (ready = resolve))
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n')
      this.#rest = lines.pop()!
      if (lines.length > 0) appendFileSync(oracle, lines.map((line) => `${id} ${line}\n`).join(''))
      for (const line of lines) {
        this.lines.push(line)
        if (line === 'ready') ready()
      }
    })
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#errors += text))
    this.#ended = new Promise((resolve) => child.on('close', (code) => resolve(code)))
    void this.#ended.then(() => ready())
  }

  /** @param uid of another user to run as; only root may */
  static async start(
    role: string,
    folder: string,
    id: string,
    seed: number,
    uid?: number,
  ): Promise<WorkerProcess> {
    const args = [await bundle(), role, folder, id, String(seed)]
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid }),
    })
    return new WorkerProcess(child, id, `${folder}.oracle`)
  }

  /** The worker is at work, or has ended. */
  async ready(): Promise<void> {
    await this.#ready
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Exit code; null: it was killed. What it wrote before is in `lines`. */
  ended(): Promise<number | null> {
    return this.#ended
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGCONT')
    this.#child.kill('SIGKILL')
    const code = await this.#ended
    if (code !== null) throw new Error(`worker ${this.id} ended by itself (${code}): ${this.#errors}`)
  }

  get errors(): string {
    return this.#errors
  }
}
