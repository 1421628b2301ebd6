import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { ended, runBinary, startBinary, suiteFolder, type Ran } from '../run-binary.ts'

describe('consumeMessage with a group', () => {
  const folder = suiteFolder()
  const store = (): string[] => ['--store', folder.path('store')]
  const send = async (topic: string, bodies: readonly string[]): Promise<void> => {
    const input = bodies
      .map((body, i) => JSON.stringify({ body, keys: [`k${i}`], properties: { n: `${i}` } }))
      .join('\n')
    assert.equal((await runBinary(['sendMessage', '-t', topic, '--ndjson', ...store()], { input })).status, 0)
  }
  const consume = (topic: string, group: string, ...args: string[]): Promise<Ran> =>
    runBinary(['consumeMessage', '-t', topic, '-g', group, ...args, ...store()])
  const lines = ({ stdout }: Ran): string[] => stdout.split('\n').filter((line) => line !== '')
  const bodies = Array.from({ length: 20 }, (_, i) => `job${i}`)

  it('hands each message to one of those who --commit', async () => {
    await send('shared', bodies)
    const some = await Promise.all(
      [1, 2, 3].map(() => consume('shared', 'g', '--commit', '-f', '%b\\n', '-c', '5')),
    )
    const rest = await consume('shared', 'g', '--commit', '-f', '%b\\n')
    assert.deepEqual([...some, rest].flatMap(lines).sort(), [...bodies].sort())
    assert.deepEqual(lines(await consume('shared', 'g', '--commit', '--quiet')), [])
    assert.equal(lines(await consume('shared', 'other', '--commit', '--quiet')).length, 20)
  })

  it('runs --exec for each, with the body on stdin and the rest in the environment', async () => {
    await send('work', bodies)
    const job = 'read body; echo "$body $MQ_KEYS $MQ_PROPERTY_n $MQ_TOPIC $MQ_RECONSUME_TIMES"'
    const ran = await consume('work', 'g', '--exec', job, '--parallel', '4')
    assert.equal(ran.status, 0)
    assert.deepEqual(lines(ran).sort(), bodies.map((body, i) => `${body} k${i} ${i} work 0`).sort())
    assert.deepEqual(lines(await consume('work', 'g', '--exec', 'cat')), [])
  })

  it('runs a job though no environment can hold what producers wrote', async () => {
    const input = JSON.stringify({ body: 'odd', tag: 'a\0b', keys: ['k'], properties: { p: 'c\0d' } })
    const sent = await runBinary(['sendMessage', '-t', 'odd', '--ndjson', ...store()], { input })
    assert.equal(sent.status, 0, sent.stderr)
    const job = 'echo "$(cat) $MQ_KEYS ${MQ_TAG-none} ${MQ_PROPERTY_p-none}"'
    const ran = await consume('odd', 'g', '--exec', job)
    assert.deepEqual([ran.status, ran.stdout], [0, 'odd k none none\n'], ran.stderr)
  })

  it('gives a batch a JSON object a line', async () => {
    await send('batch', bodies)
    const ran = await consume('batch', 'g', '--exec', 'cat', '--exec-batch', '7')
    const got = lines(ran).map((line) => (JSON.parse(line) as { body: string }).body)
    assert.deepEqual(got.sort(), [...bodies].sort())
  })

  it('has what failed tried again later, and says so with 3', async () => {
    await send('failing', ['good', 'bad'])
    const ran = await consume('failing', 'g', '--exec', 'read b; [ "$b" = good ]', '-o', 'ndjson')
    assert.equal(ran.status, 3)
    const outcomes = lines(ran).map((line) => JSON.parse(line) as { outcome: string; status: number })
    assert.deepEqual(outcomes.map(({ outcome, status }) => `${outcome} ${status}`).sort(), [
      'ack 0',
      'retry 1',
    ])
    assert.deepEqual(lines(await consume('failing', 'g', '--commit', '--quiet')), [])
  })

  it('takes only what --where lets pass, and leaves the rest to nobody', async () => {
    await send('some', bodies)
    const where = ['--where', 'n >= 17', '--commit']
    assert.deepEqual(lines(await consume('some', 'g', ...where, '-f', '%b\\n')).sort(), [
      'job17',
      'job18',
      'job19',
    ])
    assert.deepEqual(lines(await consume('some', 'g', '--commit', '--quiet')), [])
  })

  it('keeps a queue in order with --orderly, and what failed before what follows', async () => {
    await runBinary(['updateTopic', '-t', 'ordered', '-r', '2', '-w', '2', ...store()])
    const input = Array.from({ length: 12 }, (_, i) =>
      JSON.stringify({ body: `${i % 2}:${Math.floor(i / 2)}`, shardingKey: `${i % 2}` }),
    )
    await runBinary(['sendMessage', '-t', 'ordered', '--ndjson', ...store()], { input: input.join('\n') })
    const log = folder.path('ordered.log')
    // the first try of the third of each queue fails
    const job = `read b; echo "$MQ_QUEUE_ID $b" >> ${log}; case $b in *:2) [ "$MQ_RECONSUME_TIMES" -gt 0 ];; esac`
    const args = ['--exec', job, '--parallel', '4', '--orderly', '-c', '14', '--timeout', '15s']
    const { status } = await consume('ordered', 'g', ...args)
    assert.equal(status, 3)
    const done = readFileSync(log, 'utf8').trimEnd().split('\n')
    const byKey = ['0', '1'].map((key) =>
      done.map((line) => line.split(' ')[1]!).filter((body) => body.startsWith(`${key}:`)),
    )
    for (const [key, ran] of byKey.entries())
      assert.deepEqual(
        ran,
        [0, 1, 2, 2, 3, 4, 5].map((n) => `${key}:${n}`),
      )
    assert.deepEqual(lines(await consume('ordered', 'g', '--commit', '--quiet')), [])
  })

  it('loses nothing with a worker that is killed', async () => {
    await send('killed', ['one'])
    const started = folder.path('started')
    const worker = startBinary([
      ...['consumeMessage', '-t', 'killed', '-g', 'g', '--invisible', '1s'],
      ...['--exec', `mkfifo ${started}; echo started; exec cat ${started}`, ...store()],
    ])
    await once(worker.stdout!, 'data')
    worker.kill('SIGKILL')
    await once(worker, 'exit')
    const again = await consume('killed', 'g', '--commit', '-c', '1', '--timeout', '15s', '-f', '%b %r')
    assert.deepEqual([again.status, again.stdout], [0, 'one 1'])
    // lets the orphaned job end
    writeFileSync(started, '')
  })

  it('finishes the jobs that run when it is told to end', async () => {
    await send('told', ['one', 'two'])
    const out = folder.path('told.out')
    const job = `echo started; read b; while [ ! -e ${out}.go ]; do :; done; echo "$b" >> ${out}`
    const worker = startBinary([
      'consumeMessage',
      '-t',
      'told',
      '-g',
      'g',
      '--follow',
      '--exec',
      job,
      ...store(),
    ])
    const end = ended(worker)
    await once(worker.stdout!, 'data')
    worker.kill('SIGTERM')
    await runBinary(['sendMessage', '-t', 'other', '-p', 'x', ...store()])
    writeFileSync(`${out}.go`, '')
    assert.equal((await end).status, 130)
    assert.equal(readFileSync(out, 'utf8').trimEnd().split('\n').length, 1)
    assert.equal(lines(await consume('told', 'g', '--commit', '--quiet')).length, 1)
  })

  for (const args of [
    ['--commit', '--exec', 'true', '-g', 'g'],
    ['--exec', 'true'],
    ['--commit'],
    ['--parallel', '2', '-g', 'g'],
    ['--commit', '-g', 'g', '--exec-batch', '2'],
    ['--commit', '-g', 'no group'],
    ['--commit', '-g', 'g', '--grep', 'x'],
    ['--commit', '-g', 'g', '--from', '5'],
    ['--exec', 'true', '-g', 'g', '-f', '%b'],
  ]) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { status, stderr } = await runBinary(['consumeMessage', '-t', 'work', ...args, ...store()])
      assert.equal(status, 2)
      assert.match(stderr, /^error: [^\n]+\nhint: [^\n]+\n$/)
    })
  }
})
