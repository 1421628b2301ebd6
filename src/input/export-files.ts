import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MqError } from '../core/errors.ts'

/** mqadmin's place for them. */
export const exportFolder = '/tmp/rocketmq/export'

/** Writes what was exported as JSON, and tells where. @throws MQ_FAILED */
export function writeExport(folder: string, name: string, value: object): string {
  const path = join(folder, name)
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)
  } catch (error) {
    throw new MqError('MQ_FAILED', `${path} cannot be written: ${(error as Error).message}`, {
      hint: 'name another folder with -f',
      cause: error,
    })
  }
  return path
}
