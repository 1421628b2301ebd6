import assert from 'node:assert/strict'
import { compileTemplate } from '../../src/output/template.ts'

const fields = ['topic', 'keys', 'tag', 'properties', 'queueId']
const item = { topic: 'T', keys: ['a', 'b'], tag: null, queueId: 3, properties: { x: '1', 'y.z': '2' } }
const filled = (template: string) => compileTemplate(template, fields)(item)

describe('compileTemplate', () => {
  it('fills in fields, and writes nothing for what is missing', () => {
    assert.equal(filled('{topic} {queueId}|{tag}|{keys}|{properties.nope}'), 'T 3||a b|')
  })

  it('follows dotted paths, and names that have dots', () => {
    assert.equal(filled('{properties.x} {properties.y.z}'), '1 2')
    assert.equal(filled('{properties}'), '{"x":"1","y.z":"2"}')
  })

  it('reads nothing that an object inherits', () => {
    assert.equal(filled('{properties.constructor}{topic.length}'), '')
  })

  it('knows escapes', () => {
    assert.equal(filled('\\{{topic}\\}\\t\\n\\0\\\\'), '{T}\t\n\0\\')
  })

  for (const [template, why] of [
    ['{topc}', /no field "topc"/],
    ['{topic', /without its/],
    ['\\q', /unknown escape/],
    ['\\', /unknown escape/],
  ] as const) {
    it(`refuses ${template}`, () => {
      assert.throws(() => compileTemplate(template, fields), { code: 'MQ_USAGE', message: why })
    })
  }
})
