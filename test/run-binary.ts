import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const binary = join(import.meta.dirname, '../bin/run.js')

export interface Ran {
  /** Exit status, or the signal that ended it. */
  readonly status: number | NodeJS.Signals
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
  /** File to start instead of bin/run.js. */
  readonly as?: string
}

/** What of the machine would name a target or change colours is left out. */
export function cleanEnv(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { PATH, HOME, TZ } = process.env
  return { PATH, HOME, XDG_CONFIG_HOME: '/nonexistent', ...(TZ !== undefined && { TZ }), ...env }
}

/** The built binary, to its end. */
export function runBinary(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = startBinary(args, options)
  // a command that does not read its input may be gone before it is written
  child.stdin!.on('error', () => undefined).end(options.input ?? '')
  return ended(child)
}

export function startBinary(
  args: readonly string[],
  { env = {}, as = binary }: RunOptions = {},
): ChildProcess {
  return spawn(process.execPath, [as, ...args], { env: cleanEnv(env), stdio: 'pipe' })
}

export function ended(child: ChildProcess): Promise<Ran> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  // whoever listened before may have set an encoding: chunks are strings then
  child.stdout?.on('data', (chunk: Buffer | string) => out.push(Buffer.from(chunk as string)))
  child.stderr?.on('data', (chunk: Buffer | string) => err.push(Buffer.from(chunk as string)))
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) =>
      resolve({
        status: code ?? signal!,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      }),
    )
  })
}

/** A folder of the suite's own, removed after it. */
export function suiteFolder(): { path(...parts: string[]): string } {
  let folder = ''
  before(() => (folder = mkdtempSync(join(tmpdir(), 'pocketmq-test-'))))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return { path: (...parts) => join(folder, ...parts) }
}
