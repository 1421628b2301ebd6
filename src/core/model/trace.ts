/** What a client did with a message, as it told the trace topic; TraceContext. */
export interface Trace {
  /** Pub: sent. Sub: consumed. */
  readonly type: 'Pub' | 'Sub'
  readonly msgId: string
  readonly group: string
  /** When it was done, epoch ms; 0: not told. */
  readonly timestamp: number
  readonly costMs: number
  readonly success: boolean
}

/** TraceConstants.FIELD_SPLITOR ends a trace, CONTENT_SPLITOR stands between its fields. */
const [traceEnd, between] = ['\u0002', '\u0001']

/**
 * The body of a message of a trace topic; TraceDataEncoder. Beginnings of consumption, transactions and
 * recalls are passed over, as in mqadmin's QueryMsgTraceByIdSubCommand, and what is no trace.
 */
export function decodeTraces(body: Buffer): Trace[] {
  const lines = body.toString('utf8').split(traceEnd)
  return lines.map((line) => readTrace(line.split(between))).filter((trace) => trace !== null)
}

function readTrace(fields: readonly string[]): Trace | null {
  const field = (i: number): string => fields[i] ?? ''
  if (field(0) === 'Pub') {
    // clients before 4.3 have no offset id there
    const success = field(fields.length >= 14 ? 13 : 12) === 'true'
    const [timestamp, costMs] = [toNumber(field(1)), toNumber(field(10))]
    return { type: 'Pub', msgId: field(5), group: field(3), timestamp, costMs, success }
  }
  if (field(0) !== 'SubAfter') return null
  const [timestamp, costMs] = [toNumber(field(7)), toNumber(field(3))]
  return { type: 'Sub', msgId: field(2), group: field(8), timestamp, costMs, success: field(4) === 'true' }
}

function toNumber(text: string): number {
  return /^-?\d+$/.test(text) ? Number(text) : 0
}
