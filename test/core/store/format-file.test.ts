import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeFileSystem } from '../../../src/core/store/file-system.ts'
import { isOurs, readFormat, writeFormat } from '../../../src/core/store/format-file.ts'
import { temporaryFolder } from '../temporary-folder.ts'

describe('FORMAT', () => {
  const folder = temporaryFolder()
  const put = (text: string): void => {
    mkdirSync(join(folder.path, 'pocketmq'), { recursive: true })
    writeFileSync(join(folder.path, 'pocketmq', 'FORMAT'), text)
  }
  const read = (): unknown => readFormat(nodeFileSystem, folder.path)

  it('comes back as it was written', () => {
    mkdirSync(join(folder.path, 'pocketmq'))
    const ours = [
      { from: 0, to: 100 },
      { from: 300, to: null },
    ]
    writeFormat(nodeFileSystem, folder.path, 'id', ours)
    assert.deepEqual(read(), { version: 1, storeId: 'id', ours })
  })

  it('is null where there is none', () => {
    assert.equal(read(), null)
  })

  for (const text of ['', 'null', '[]', '{', '{"version":1}', '{"version":"1","storeId":"","ours":[]}']) {
    it(`is refused when it is ${JSON.stringify(text)}`, () => {
      put(text)
      assert.throws(read, { code: 'MQ_STORE_CORRUPT' })
    })
  }

  it('is refused when a range is none', () => {
    for (const ours of ['null', '{"from":-0.5,"to":null}', '{"from":0}', '{"from":"0","to":1}']) {
      put(`{"version":1,"storeId":"x","ours":[${ours}]}`)
      assert.throws(read, { code: 'MQ_STORE_CORRUPT' }, ours)
    }
  })

  it('is refused by its version alone when it is newer, whatever is in it', () => {
    put('{"version":2,"ours":["as it may be then"]}')
    assert.throws(read, { code: 'MQ_STORE_VERSION' })
  })
})

describe('isOurs', () => {
  it('takes ranges as half open, the last one as endless', () => {
    const ours = [
      { from: 10, to: 20 },
      { from: 30, to: null },
    ]
    const offsets = [9, 10, 19, 20, 29, 30, 1e15]
    assert.deepEqual(
      offsets.map((offset) => isOurs(ours, offset)),
      [false, true, true, false, false, true, true],
    )
    assert.equal(isOurs([], 0), false)
  })
})
