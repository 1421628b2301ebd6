import assert from 'node:assert/strict'
import fc from 'fast-check'
import { HeaderError, HeaderPlan } from '../../../src/core/remoting/header-plan.ts'
import { requestNames, requestSpec } from '../../../src/core/remoting/requests/index.ts'
import { bool, i32, i64, opt, str, wire } from '../../../src/core/remoting/schema.ts'
import { anyHeader } from './any-header.ts'

const plan = new HeaderPlan({
  topic: str('text'),
  queueId: wire('e', i32('number')),
  offset: opt(i64('long')),
  order: opt(bool('flag')),
})
const given = { topic: 't', queueId: 3 }

describe('HeaderPlan', () => {
  it('gives back every header of every row of the table', () => {
    for (const name of requestNames) {
      const { header, reply } = requestSpec(name)
      for (const fields of [header, reply.header ?? {}]) {
        const each = new HeaderPlan(fields)
        fc.assert(
          fc.property(anyHeader(fields), (values) => {
            const present = Object.fromEntries(
              Object.entries(values).filter(([, value]) => value !== undefined),
            )
            assert.deepEqual(each.fromExt(each.toExt(values as never)), present)
          }),
          { numRuns: 20 },
        )
      }
    }
  })

  it('writes text under the wire names', () => {
    assert.deepEqual(
      { ...plan.toExt({ ...given, offset: -1, order: false }) },
      { topic: 't', e: '3', offset: '-1', order: 'false' },
    )
  })

  it('names a required field that is missing, as RocketMQ does', () => {
    const error = { name: 'HeaderError', message: 'the custom field <queueId> is null' }
    assert.throws(() => plan.fromExt({ topic: 't' }), error)
    assert.throws(() => plan.toExt({ topic: 't' } as never), error)
    // a name every object inherits is no field
    assert.throws(
      () => new HeaderPlan({ constructor: str('x') }).fromExt(Object.create(null) as never),
      HeaderError,
    )
  })

  it('refuses what is no number, or none of 32 bits', () => {
    for (const e of ['', ' 1', '1.5', 'abc', '0x10', '1e3', '２', '2147483648', '-2147483649']) {
      assert.throws(() => plan.fromExt({ topic: 't', e }), HeaderError, e)
    }
    assert.equal(plan.fromExt({ topic: 't', e: '-2147483648' }).queueId, -0x80000000)
    assert.equal(plan.fromExt({ topic: 't', e: '+5' }).queueId, 5)
  })

  it('clamps longs beyond what a number holds, and never writes one', () => {
    const offset = (text: string): unknown => plan.fromExt({ topic: 't', e: '1', offset: text }).offset
    assert.equal(offset('9223372036854775807'), Number.MAX_SAFE_INTEGER)
    assert.equal(offset('-9223372036854775808'), Number.MIN_SAFE_INTEGER)
    assert.equal(offset('9'.repeat(400)), Number.MAX_SAFE_INTEGER)
    assert.throws(() => plan.toExt({ ...given, offset: 2 ** 53 }), RangeError)
    assert.throws(() => plan.toExt({ ...given, offset: Number.NaN }), RangeError)
    assert.throws(() => plan.toExt({ ...given, queueId: 2 ** 31 }), RangeError)
  })

  it('takes for true what Boolean.parseBoolean does', () => {
    const order = (text: string): unknown => plan.fromExt({ topic: 't', e: '1', order: text }).order
    assert.deepEqual(['true', 'TRUE', 'True', 'false', '1', 'yes', ''].map(order), [
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })

  it('ignores fields that are not in the row', () => {
    assert.deepEqual(plan.fromExt({ topic: 't', e: '3', ReqT: '0', queueId: '9' }), given)
  })
})

describe('the request table', () => {
  it('has each code once, and none for both roles', () => {
    const codes = requestNames.map((name) => requestSpec(name).code)
    assert.equal(new Set(codes).size, codes.length)
  })

  it('has each wire name once in a header', () => {
    for (const name of requestNames) {
      const { header, reply } = requestSpec(name)
      for (const fields of [header, reply.header ?? {}]) {
        const wireNames = Object.entries(fields).map(([own, field]) => field.wireName ?? own)
        assert.equal(new Set(wireNames).size, wireNames.length, name)
      }
    }
  })
})
