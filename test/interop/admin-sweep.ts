import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { classPath } from './jars.ts'
import { javaFlags, track } from './jvm.ts'
import { sweepGroup, sweepTopic, type SweepPlace } from './admin-sweep-rows.ts'

export interface SweepRun {
  readonly stdout: string
  readonly stderr: string
  /** False: it runs for ever, or ran for longer than 20 s. */
  readonly ended: boolean
}

/**
 * Real mqadmin 5.5.0, many commands in one JVM, beside a producer and a consumer with trace on.
 * @param prepare what the commands are, and their files, once it is known where they run
 * @returns what each of them said
 */
export async function adminSweep(
  at: { readonly namesrv: string; readonly broker: string },
  prepare: (place: SweepPlace) => readonly (readonly string[])[] | Promise<readonly (readonly string[])[]>,
): Promise<SweepRun[]> {
  const dir = mkdtempSync(join(tmpdir(), 'mqadmin-sweep-'))
  const homes = [`-Drocketmq.home.dir=${dir}`, `-Duser.home=${dir}`, `-Djava.io.tmpdir=${dir}`]
  const flags = [...javaFlags, ...homes, '-Djava.security.manager=allow']
  const child = spawn('java', [...flags, '-cp', classPath(), 'AdminSweep'], {
    cwd: dir,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  track(child)
  const exited = once(child, 'exit')
  try {
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    const next = async (): Promise<unknown> => {
      const { value, done } = (await lines.next()) as IteratorResult<string, undefined>
      if (done === true) throw new Error('the JVM of the sweep ended before it had answered')
      return JSON.parse(value) as unknown
    }
    const tell = (line: object): void => void child.stdin.write(`${JSON.stringify(line)}\n`)
    tell({ namesrv: at.namesrv, topic: sweepTopic, group: sweepGroup })
    const ids = (await next()) as Pick<SweepPlace, 'msgId' | 'offsetMsgId' | 'clientId'>
    const commands = await prepare({ namesrv: at.namesrv, broker: at.broker, dir, ...ids })
    for (const args of commands) tell({ args })
    child.stdin.write('\n')
    const runs: SweepRun[] = []
    while (runs.length < commands.length) runs.push((await next()) as SweepRun)
    return runs
  } finally {
    child.kill('SIGKILL')
    await exited
    rmSync(dir, { recursive: true, force: true })
  }
}
