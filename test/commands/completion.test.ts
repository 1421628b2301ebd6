import assert from 'node:assert/strict'
import { runBinary, suiteFolder } from '../run-binary.ts'

describe('completion', () => {
  const folder = suiteFolder()
  const env = { POCKETMQ_STORE: '' }
  const words = async (...line: string[]): Promise<string[]> => {
    const { status, stdout } = await runBinary(['completion', 'words', '--', ...line], { env })
    assert.equal(status, 0)
    return stdout.split('\n').filter((word) => word !== '')
  }

  before(async () => {
    env.POCKETMQ_STORE = folder.path('store')
    for (const topic of ['orders', 'order2', 'other']) await runBinary(['updateTopic', '-t', topic], { env })
    await runBinary(['sendMessage', '-t', 'orders', '-p', 'x'], { env })
    await runBinary(['consumeMessage', '-t', 'orders', '-g', 'billing', '--commit'], { env })
  })

  it('knows commands, areas, flags and formats', async () => {
    assert.deepEqual(await words('topicS'), ['topicStatus'])
    assert.deepEqual(await words('ctx', ''), ['add', 'list', 'remove', 'use'])
    assert.deepEqual(await words('TOPICSTATUS', '--to'), ['--topic'])
    assert.deepEqual(await words('topicList', '--output', 'n'), ['ndjson'])
    assert.deepEqual(await words('setConsumeMode', '-m', ''), ['POP', 'PULL'])
    assert.deepEqual(await words('noSuchCommand', '-t', ''), [])
  })

  it('asks the target of the line for topics and groups', async () => {
    assert.deepEqual(await words('topicStatus', '-t', 'order'), ['order2', 'orders'])
    assert.deepEqual(await words('consumerProgress', '--groupName', ''), ['billing'])
    assert.deepEqual(await words('topicStatus', '--store', folder.path('none'), '-t', ''), [])
    assert.deepEqual(await words('topicStatus', '-n', '127.0.0.1:1', '-t', ''), [])
  })

  for (const shell of ['bash', 'zsh', 'fish']) {
    it(`prints a script for ${shell}`, async () => {
      const { status, stdout } = await runBinary(['completion', shell])
      assert.equal(status, 0)
      assert.match(stdout, /completion words --/)
    })
  }

  it('refuses other shells', async () => {
    const { status, stderr } = await runBinary(['completion', 'tcsh'])
    assert.equal(status, 2)
    assert.match(stderr, /one of bash, zsh, fish/)
  })
})
