import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { protocolMarkdown } from './protocol-markdown.ts'

const folder = join(import.meta.dirname, '../docs')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'protocol.md'), protocolMarkdown())
