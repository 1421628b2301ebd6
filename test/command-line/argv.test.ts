import assert from 'node:assert/strict'
import { rewriteFormatFlag, wantsHelp, wantsJson, type FlagShapes } from '../../src/command-line/argv.ts'

const plain: FlagShapes = {
  output: { type: 'option' },
  json: { type: 'boolean' },
  topic: { type: 'option', char: 't' },
  list: { type: 'boolean', char: 'l' },
}
const withOffset: FlagShapes = { ...plain, offset: { type: 'option', char: 'o' } }

describe('rewriteFormatFlag', () => {
  it('makes -o the format where the command has no -o', () => {
    assert.deepEqual(rewriteFormatFlag(['-o', 'json'], plain), ['--output', 'json'])
    assert.deepEqual(rewriteFormatFlag(['-ojson', '-t', 'x'], plain), ['--output=json', '-t', 'x'])
    assert.deepEqual(rewriteFormatFlag(['-o', 'nonsense'], plain), ['--output', 'nonsense'])
  })

  it('leaves a command its own -o unless the value is a format', () => {
    assert.deepEqual(rewriteFormatFlag(['-o', '12'], withOffset), ['-o', '12'])
    assert.deepEqual(rewriteFormatFlag(['-o', '12', '-o', 'ndjson'], withOffset), [
      '-o',
      '12',
      '--output',
      'ndjson',
    ])
    assert.deepEqual(rewriteFormatFlag(['-o=template={a}'], withOffset), ['--output=template={a}'])
  })

  it('touches neither values of other flags nor what stands after --', () => {
    assert.deepEqual(rewriteFormatFlag(['-t', '-o', 'json'], plain), ['-t', '-o', 'json'])
    assert.deepEqual(rewriteFormatFlag(['--', '-o', 'json'], plain), ['--', '-o', 'json'])
  })
})

describe('wantsJson', () => {
  const asking = [['--json'], ['-o', 'json'], ['--output=ndjson'], ['--output', 'json'], ['-x', '--json']]
  const others = [[], ['--output', 'table'], ['-t', '--json'], ['--topic=--json'], ['--', '--json']]
  for (const argv of asking)
    it(`sees it in: ${argv.join(' ')}`, () => assert.equal(wantsJson(argv, plain), true))
  for (const argv of others)
    it(`not in: ${argv.join(' ')}`, () => assert.equal(wantsJson(argv, plain), false))
})

describe('wantsHelp', () => {
  it('sees -h and --help, combined ones too, and no value of a flag', () => {
    for (const argv of [['-h'], ['--help'], ['-t', 'x', '-h'], ['-lh']])
      assert.equal(wantsHelp(argv, plain), true)
    for (const argv of [['-t', '-h'], ['--topic=-h'], ['--', '-h'], ['-th']]) {
      assert.equal(wantsHelp(argv, plain), false)
    }
  })
})
