import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { MqError } from '../core/errors.ts'

/** mqadmin's place for them. */
export const exportFolder = '/tmp/rocketmq/export'

/** One at a time: Node's recursive mkdir never returns where a file system says ENOENT for good (/proc). */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder)
}

/** Writes what was exported as JSON, and tells where. @throws MQ_FAILED */
export function writeExport(folder: string, name: string, value: object): string {
  return writeText(folder, name, `${JSON.stringify(value, null, 2)}\n`, 'name another folder with -f')
}

/** Writes a file of a folder, which is made, and tells where. @throws MQ_FAILED */
export function writeText(folder: string, name: string, text: string, hint?: string): string {
  const path = join(folder, name)
  try {
    makeFolder(resolve(folder))
    writeFileSync(path, text)
  } catch (error) {
    throw new MqError('MQ_FAILED', `${path} cannot be written: ${(error as Error).message}`, {
      ...(hint !== undefined && { hint }),
      cause: error,
    })
  }
  return path
}
