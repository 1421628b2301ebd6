import { join } from 'node:path'
import { processIdentity } from '../lib/process-identity.ts'
import { nodeFileSystem } from '../store/file-system.ts'

export interface Server {
  readonly pid: number
  /** `host:port` of its name server. */
  readonly address: string
}

interface ServerFile extends Server {
  /** A pid is given to another process some time. */
  readonly identity: string | null
}

const pathOf = (folder: string): string => join(folder, 'pocketmq', 'server.json')

/** Tells commands on a folder who serves it. */
export function writeServerFile(folder: string, address: string): void {
  const { pid } = process
  const content: ServerFile = { pid, identity: processIdentity(pid), address }
  nodeFileSystem.replaceFile(pathOf(folder), Buffer.from(`${JSON.stringify(content)}\n`))
}

export function removeServerFile(folder: string): void {
  nodeFileSystem.unlink(pathOf(folder))
}

/** Who serves a folder, or null. A server that was killed leaves its file: its process is looked for. */
export function serverOf(folder: string): Server | null {
  const content = nodeFileSystem.readFile(pathOf(folder))
  if (content === null) return null
  try {
    const { pid, identity, address } = JSON.parse(content.toString('utf8')) as ServerFile
    return identity !== null && processIdentity(pid) === identity ? { pid, address } : null
  } catch {
    return null
  }
}
