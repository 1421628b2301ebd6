import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binary, cleanEnv, ended, runBinary, startBinary, suiteFolder } from '../run-binary.ts'

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

  it('completes a line in bash, also behind a host:port, at which bash parts its words', async () => {
    const bin = folder.path('bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'pocketmq'), `#!/bin/sh\nexec '${process.execPath}' '${binary}' "$@"\n`, {
      mode: 0o755,
    })
    const complete = async (line: string, parted: readonly string[]): Promise<string[]> => {
      const script = [
        'source <(pocketmq completion bash)',
        'COMP_LINE=$1 COMP_POINT=${#1}; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))',
        '_pocketmq; printf "%s\\n" "${COMPREPLY[@]}"',
      ].join('\n')
      const path = `${bin}:${process.env['PATH'] ?? ''}`
      const child = spawn('bash', ['-c', script, 'bash', line, ...parted], {
        env: { ...cleanEnv(env), PATH: path },
      })
      return (await ended(child)).stdout.split('\n').filter((word) => word !== '')
    }
    const line = 'pocketmq topicStatus -t ord'
    assert.deepEqual(await complete(line, line.split(' ')), ['order2', 'orders'])
    assert.deepEqual(await complete('pocketmq topicSt', ['pocketmq', 'topicSt']), ['topicStatus'])
    const server = startBinary(['serve', '--ephemeral', '--port', '0', '--topic', 'served:1'])
    try {
      const [text] = (await once(server.stdout!, 'data')) as [Buffer]
      const [, host, port] = /at (\S+):(\d+)/.exec(text.toString())!
      const words = ['pocketmq', 'topicStatus', '-n', host!, ':', port!, '-t', '']
      assert.deepEqual(await complete(`pocketmq topicStatus -n ${host!}:${port!} -t ser`, words), ['served'])
    } finally {
      server.kill('SIGTERM')
      await once(server, 'close')
    }
  })

  it('refuses other shells', async () => {
    const { status, stderr } = await runBinary(['completion', 'tcsh'])
    assert.equal(status, 2)
    assert.match(stderr, /one of bash, zsh, fish/)
  })
})
