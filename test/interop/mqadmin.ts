import type { SerializeType } from '../../src/core/remoting/frame.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type JavaRun, headerTypeFlag, runJava } from './jvm.ts'

/** Runs the real mqadmin 5.5.0. Its exit code is 0 even when a command failed: look at stderr. */
export async function mqadmin(args: string[], headerType: SerializeType = 'json'): Promise<JavaRun> {
  const home = mkdtempSync(join(tmpdir(), 'mqadmin-'))
  const flags = [headerTypeFlag(headerType), `-Drocketmq.home.dir=${home}`, `-Duser.home=${home}`]
  try {
    return await runJava(flags, ['org.apache.rocketmq.tools.command.MQAdminStartup', ...args])
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
