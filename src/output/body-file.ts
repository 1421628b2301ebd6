import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Message } from '../core/model/message.ts'

/** Where mqadmin's queries leave bodies: QueryMsgByIdSubCommand.createBodyFile. */
const folder = '/tmp/rocketmq/msgbodys'

/** Any producer may write any text as a unique key; only such names are a file's. */
const safeName = /^[A-Za-z0-9_-]{1,200}$/

/** Writes the body to mqadmin's place for it and returns the path. Throws what node:fs throws. */
export function saveBody({ msgId, offsetMsgId, body }: Message): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, safeName.test(msgId) ? msgId : offsetMsgId)
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants
  // everybody may write to /tmp: a link left there must not lead into our own files
  const descriptor = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o644)
  try {
    for (let at = 0; at < body.length;) at += writeSync(descriptor, body, at)
  } finally {
    closeSync(descriptor)
  }
  return path
}
