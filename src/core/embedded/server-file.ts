import { join } from 'node:path'
import { nodeFileSystem } from '../store/file-system.ts'

interface ServerFile {
  readonly pid: number
  readonly address: string
}

const pathOf = (folder: string): string => join(folder, 'pocketmq', 'server.json')

/** Tells commands on a folder who serves it. */
export function writeServerFile(folder: string, address: string): void {
  const content: ServerFile = { pid: process.pid, address }
  nodeFileSystem.replaceFile(pathOf(folder), Buffer.from(`${JSON.stringify(content)}\n`))
}

export function removeServerFile(folder: string): void {
  nodeFileSystem.unlink(pathOf(folder))
}

/** Where a folder is served, or null. A server that was killed leaves its file: its process is looked for. */
export function servedAddress(folder: string): string | null {
  const content = nodeFileSystem.readFile(pathOf(folder))
  if (content === null) return null
  try {
    const { pid, address } = JSON.parse(content.toString('utf8')) as ServerFile
    return isAlive(pid) ? address : null
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
