import type { Log } from '../core/lib/log.ts'

export type LogFormat = 'text' | 'json'

/** Lines for people, or a JSON object a line: `time` (ISO 8601), `level`, `event`, `message`, details. */
export function lineLog(format: LogFormat, write: (line: string) => void): Log {
  return (level, event, message, details = {}) => {
    const time = new Date().toISOString()
    if (format === 'json') write(`${JSON.stringify({ time, level, event, message, ...details })}\n`)
    else write(`${time} ${level} ${message}\n`)
  }
}
