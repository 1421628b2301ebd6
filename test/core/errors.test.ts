import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorTable, MqError, type ErrorCode } from '../../src/core/errors.ts'
import { answerOfError } from '../../src/core/remoting/handlers.ts'

const codes = Object.keys(errorTable) as ErrorCode[]

describe('the error table', () => {
  it('has the frozen exit statuses only, and a hint of one line for each error', () => {
    for (const code of codes) {
      const { exit, hint } = errorTable[code]
      assert.ok([1, 2, 3, 4, 5, 6, 7, 130].includes(exit), code)
      assert.match(code, /^MQ_[A-Z_]+$/)
      assert.match(hint, /^[^\n.]+$/, code)
      assert.ok(hint.length > 0 && hint.length <= 110, code)
    }
  })

  it('has the statuses that README lists, no more and no less', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
    const section = readme.slice(readme.indexOf('## Exit codes')).split('\n## ')[0]!
    const listed = [...section.matchAll(/^\| (\d+) \|/gm)].map(([, status]) => Number(status))
    const used = new Set(codes.map((code) => errorTable[code].exit as number))
    assert.deepEqual(listed, [0, ...[...used].sort((a, b) => a - b)])
  })

  it('gives what cannot be reached, is late or interrupted their own statuses', () => {
    const exits = (exit: number): ErrorCode[] => codes.filter((code) => errorTable[code].exit === exit)
    assert.deepEqual(exits(5), ['MQ_NAMESRV_UNREACHABLE', 'MQ_BROKER_UNREACHABLE'])
    assert.deepEqual(exits(6), ['MQ_CONSUME_MSG_TIMEOUT', 'MQ_POLLING_TIMEOUT', 'MQ_TIMEOUT'])
    assert.deepEqual(exits(7), ['MQ_CHECK_FAILED'])
    assert.deepEqual(exits(130), ['MQ_INTERRUPTED'])
  })
})

describe('MqError', () => {
  it('has the exit status and hint of its row, unless told another hint', () => {
    const error = new MqError('MQ_TOPIC_NOT_EXIST', 'no such topic: t')
    assert.equal(error.exit, 4)
    assert.equal(error.hint, errorTable.MQ_TOPIC_NOT_EXIST.hint)
    assert.equal(new MqError('MQ_TIMEOUT', 'late', { hint: 'wait' }).hint, 'wait')
  })

  it('comes out of an answer as it went in, for each code that a server sends', () => {
    for (const code of codes) {
      const { code: sent, remark } = answerOfError(new MqError(code, 'what happened'))
      const error = MqError.fromResponse(sent, remark, 'topic t')
      assert.equal(error.responseCode, sent)
      assert.equal(error.message, 'topic t: what happened')
      const { responseCode } = errorTable[code]
      // rows that share a response code come back as the first of them
      if (responseCode !== null) assert.equal(errorTable[error.code].responseCode, responseCode)
      else assert.equal(error.code, 'MQ_FAILED')
    }
  })

  it('keeps the number of a code it has no row for', () => {
    const error = MqError.fromResponse(2017, null, 'send')
    assert.equal(error.code, 'MQ_FAILED')
    assert.equal(error.exit, 1)
    assert.equal(error.responseCode, 2017)
    assert.equal(error.message, 'send: code 2017')
  })

  it('says the first line of a remark, which Java fills with stack traces', () => {
    const remark = 'java.lang.NullPointerException: x\n\tat org.apache…\r\n'
    assert.equal(MqError.fromResponse(1, remark, 'pull').message, 'pull: java.lang.NullPointerException: x')
    assert.equal(MqError.fromResponse(1, 'one\r\ntwo', 'pull').message, 'pull: one')
    assert.equal(MqError.fromResponse(1, '', 'pull').message, 'pull: code 1')
  })
})
