import assert from 'node:assert/strict'
import { ended, runBinary, startBinary, suiteFolder, type Ran } from '../run-binary.ts'

describe('request and reply', () => {
  const folder = suiteFolder()
  const store = (): string[] => ['--store', folder.path('store')]
  const request = (topic: string, body: string, ...args: string[]): Promise<Ran> =>
    runBinary(['request', '-t', topic, '-p', body, ...args, ...store()])
  const reply = (topic: string, exec: string, ...args: string[]): Promise<Ran> =>
    runBinary(['reply', '-t', topic, '-g', `${topic}-group`, '--exec', exec, ...args, ...store()])
  const outcomes = ['-o', 'template={outcome} {status}\\n']

  before(async () => {
    const topics = ['upper', 'bytes', 'silent', 'late', 'failing', 'plain'].join(',')
    for (const topic of topics.split(','))
      await runBinary(['updateTopic', '-t', topic, '-r', '1', '-w', '1', ...store()])
  })

  it('prints what the command printed for the body on its stdin, with nothing running', async () => {
    const [replied, asked] = await Promise.all([
      reply(
        'upper',
        'tr a-z A-Z; printf "%s" "$MQ_KEYS $MQ_TAG"',
        '-c',
        '1',
        '--timeout',
        '20s',
        ...outcomes,
      ),
      request('upper', 'apples', '-k', 'k1', '-c', 'A', '--timeout', '20s'),
    ])
    assert.deepEqual([asked.stdout, asked.stderr, asked.status], ['APPLESk1 A\n', '', 0])
    assert.deepEqual([replied.stdout, replied.stderr, replied.status], ['answered 0\n', '', 0])
  })

  it('carries any bytes, and answers in JSON', async () => {
    const input = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    const [, asked] = await Promise.all([
      reply('bytes', 'cat', '-c', '1', '--timeout', '20s'),
      runBinary(['request', '-t', 'bytes', '-p', '-', '--json', '--timeout', '20s', ...store()], { input }),
    ])
    const answer = JSON.parse(asked.stdout) as { bodyBase64: string; properties: Record<string, string> }
    assert.deepEqual(Buffer.from(answer.bodyBase64, 'base64'), input)
    assert.equal(answer.properties['MSG_TYPE'], 'reply')
  })

  it('answers a line feed where nothing was printed', async () => {
    const [, asked] = await Promise.all([
      reply('silent', 'true', '-c', '1', '--timeout', '20s'),
      request('silent', 'x', '--timeout', '20s'),
    ])
    assert.deepEqual([asked.stdout, asked.status], ['\n', 0])
  })

  it('ends with 6 when nobody answers in time; such a request is not run any more', async () => {
    const asked = await request('late', 'anybody', '--timeout', '100ms')
    assert.equal(asked.status, 6)
    assert.match(asked.stderr, /^error: no answer within 100 ms\nhint: the request is stored/)
    const replied = await reply('late', 'echo ran >&2', '-c', '1', '--timeout', '1s', ...outcomes)
    assert.equal(replied.stdout, 'expired \n')
    assert.doesNotMatch(replied.stderr, /ran/)
    assert.equal(replied.status, 6)
  })

  it('runs a command that failed again while who asked waits', async () => {
    const once = `[ -e ${folder.path('tried')} ] && exec cat; touch ${folder.path('tried')}; exit 1`
    const [replied, asked] = await Promise.all([
      reply('failing', once, '-c', '2', '--timeout', '20s', ...outcomes),
      request('failing', 'again', '--timeout', '20s'),
    ])
    assert.equal(asked.stdout, 'again\n')
    assert.equal(replied.stdout, 'retry 1\nanswered 0\n')
    assert.equal(replied.status, 3)
  })

  it('runs and acknowledges what asks for no answer', async () => {
    await runBinary(['sendMessage', '-t', 'plain', '-p', 'hi', ...store()])
    const replied = await reply('plain', 'cat', '-c', '1', '--timeout', '20s', ...outcomes)
    assert.deepEqual([replied.stdout, replied.status], ['unasked 0\n', 0])
  })

  it('goes on until it is interrupted', async () => {
    const child = startBinary(['reply', '-t', 'upper', '-g', 'upper-group', '--exec', 'cat', ...store()])
    const done = ended(child)
    assert.equal((await request('upper', 'hi', '--timeout', '20s')).stdout, 'hi\n')
    child.kill('SIGTERM')
    assert.equal((await done).status, 130)
  })

  it('says what is wrong with its flags and its topic', async () => {
    assert.equal((await request('upper', '')).status, 2)
    assert.equal((await request('bad topic', 'x')).status, 2)
    assert.equal((await reply('absent', 'cat')).status, 4)
    assert.equal((await runBinary(['reply', '-t', 'upper', '-g', 'g', ...store()])).status, 2)
    assert.equal((await reply('upper', 'cat', '-c', '0')).status, 2)
    const unreachable = ['request', '-t', 't', '-p', 'x', '-n', '127.0.0.1:1']
    assert.equal((await runBinary(unreachable)).status, 5)
  })
})
