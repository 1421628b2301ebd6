import { MqError } from '../errors.ts'

/**
 * What a failed write is told as.
 * @param what cannot be written
 */
export function unwritable(error: unknown, what = 'the folder'): MqError {
  if (error instanceof MqError) return error
  const { code, message } = error as NodeJS.ErrnoException
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL'
  const why = full ? 'the disk is full' : message.split('\n', 1)[0]!
  return new MqError('MQ_STORE_UNWRITABLE', `${what} cannot be written: ${why}`, { cause: error })
}
