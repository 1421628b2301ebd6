import assert from 'node:assert/strict'
import { folderAddress, LoopbackInvoker } from '../../../src/core/embedded/loopback-invoker.ts'
import { temporaryFolder } from '../temporary-folder.ts'

describe('LoopbackInvoker', () => {
  const folder = temporaryFolder()
  let invoker: LoopbackInvoker

  beforeEach(() => {
    invoker = new LoopbackInvoker({ folder: folder.path }, true)
  })
  afterEach(() => invoker.close())

  it('calls back once, and lets pass what the callback throws', () => {
    let calls = 0
    const call = { header: {}, body: undefined }
    assert.throws(
      () =>
        invoker.submit(folderAddress, 'GET_BROKER_CLUSTER_INFO', call, () => {
          calls++
          throw new Error('a bug')
        }),
      /a bug/,
    )
    assert.equal(calls, 1)
  })
})
