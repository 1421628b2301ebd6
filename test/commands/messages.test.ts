import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { runBinary, suiteFolder, type Ran, type RunOptions } from '../run-binary.ts'

interface Sent {
  readonly msgId: string
  readonly offsetMsgId: string
  readonly queueId: number
}

interface Consumed extends Sent {
  readonly body?: string
  readonly bodyBase64?: string
  readonly keys: readonly string[]
  readonly tag: string | null
  readonly properties: Readonly<Record<string, string>>
}

const parsed = <T>(text: string): T[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)

describe('message commands on a folder', () => {
  const folder = suiteFolder()
  const run = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
    runBinary([...args, '--store', folder.path('store')], options)
  const topic = async (name: string, queues = '1'): Promise<string> => {
    assert.equal((await run(['updateTopic', '-t', name, '-r', queues, '-w', queues])).status, 0)
    return name
  }
  const consumed = async (name: string): Promise<Consumed[]> =>
    parsed((await run(['consumeMessage', '-t', name, '-c', '100000', '-o', 'ndjson'])).stdout)

  describe('sendMessage', () => {
    it("prints mqadmin's row, and JSON with the frozen names", async () => {
      await topic('one')
      const table = await run(['sendMessage', '-t', 'one', '-p', ' hello ', '-k', 'k1 k2', '-c', 'A'])
      assert.equal(table.status, 0)
      assert.match(
        table.stdout,
        /^#Broker Name {22}#QID {2}#Send Result {12}#MsgId\nbroker-a {24} {2}0 {5}SEND_OK {13} {4}[0-9A-F]{32}\n$/,
      )
      const json = JSON.parse((await run(['sendMessage', '-t', 'one', '-p', 'x', '--json'])).stdout) as object
      assert.deepEqual(Object.keys(json), [
        ...[
          'version',
          'target',
          'sendStatus',
          'msgId',
          'offsetMsgId',
          'brokerName',
          'queueId',
          'queueOffset',
        ],
      ])
      const [first] = await consumed('one')
      assert.equal(first!.body, 'hello')
      assert.deepEqual([first!.keys, first!.tag], [['k1', 'k2'], 'A'])
    })

    it('sends all of stdin as one body, every byte of it', async () => {
      await topic('binary')
      const body = Buffer.from([0, 1, 10, 13, 255, 10])
      assert.equal((await run(['sendMessage', '-t', 'binary', '-p', '-'], { input: body })).status, 0)
      assert.equal((await consumed('binary'))[0]!.bodyBase64, body.toString('base64'))
    })

    it('sends to the queue asked for', async () => {
      await topic('queued', '4')
      const { stdout } = await run([
        'sendMessage',
        '-t',
        'queued',
        '-p',
        'x',
        '-b',
        'broker-a',
        '-i',
        '3',
        '-o',
        'ndjson',
      ])
      assert.equal(parsed<Sent>(stdout)[0]!.queueId, 3)
    })

    it('sends each line, one result a line in their order', async () => {
      await topic('lines')
      const lines = Array.from({ length: 5000 }, (_, i) => `line ${i}`)
      const { status, stdout } = await run(['sendMessage', '-t', 'lines', '--lines', '--quiet'], {
        input: lines.join('\n'),
      })
      assert.equal(status, 0)
      const stored = await consumed('lines')
      assert.deepEqual(
        stored.map(({ body }) => body),
        lines,
      )
      assert.deepEqual(
        stdout.trimEnd().split('\n'),
        stored.map(({ msgId }) => msgId),
      )
    })

    it('sends CSV rows with key and tag', async () => {
      await topic('csv')
      const input = 'iata,state\n00M,MS\n00R,TX\n'
      const { stdout } = await run(['sendMessage', '-t', 'csv', '--csv', '--key', 'iata', '--tag', 'state'], {
        input,
      })
      assert.equal(stdout, 'send 2 messages to csv success.\n')
      const rows = (await consumed('csv')).map(({ body, keys, tag }) => ({ body, keys, tag }))
      assert.deepEqual(rows, [
        { body: '{"iata":"00M","state":"MS"}', keys: ['00M'], tag: 'MS' },
        { body: '{"iata":"00R","state":"TX"}', keys: ['00R'], tag: 'TX' },
      ])
    })

    it('sends again what consumeMessage printed', async () => {
      await topic('from')
      await topic('to')
      const input = '{"body":"ä","tag":"t","keys":["k"],"properties":{"p":"v"}}\n{"bodyBase64":"/wA="}\n'
      await run(['sendMessage', '-t', 'from', '--ndjson'], { input })
      const { stdout } = await run(['consumeMessage', '-t', 'from', '-o', 'ndjson'])
      assert.equal((await run(['sendMessage', '-t', 'to', '--ndjson'], { input: stdout })).status, 0)
      const [text, binary] = await consumed('to')
      assert.deepEqual([text!.body, text!.tag, text!.keys, text!.properties.p], ['ä', 't', ['k'], 'v'])
      assert.equal(binary!.bodyBase64, '/wA=')
      const ids = parsed<Sent>(stdout).map(({ msgId }) => msgId)
      assert.equal(
        [text, binary].some((each) => ids.includes(each!.msgId)),
        false,
      )
      await topic('same')
      const kept = await run(['sendMessage', '-t', 'same', '--ndjson', '--keep-ids', '--quiet'], {
        input: stdout,
      })
      assert.deepEqual(kept.stdout.trimEnd().split('\n'), ids)
      assert.deepEqual(
        (await consumed('same')).map(({ msgId }) => msgId),
        ids,
      )
      assert.equal((await run(['queryMsgByUniqueKey', '-t', 'same', '-i', ids[0]!, '--quiet'])).status, 0)
    })

    it('says which line of NDJSON is bad and how many were sent before', async () => {
      await topic('half')
      const ran = await run(['sendMessage', '-t', 'half', '--ndjson'], {
        input: '{"body":"a"}\n{"body":"b"}\n{"bod',
      })
      assert.equal(ran.status, 2)
      assert.equal(
        ran.stderr,
        'error: line 3: not a JSON value: the input ends in the middle of it; 2 messages sent before\n' +
          'hint: mend the input and send the rest again\n',
      )
      assert.equal((await consumed('half')).length, 2)
    })

    it('says how many of many were sent when one is refused', async () => {
      await topic('refused')
      const input = `a\n${'x'.repeat(4 * 1024 * 1024 + 1)}\nb\n`
      const ran = await run(['sendMessage', '-t', 'refused', '--lines', '--json'], { input })
      assert.equal(ran.status, 3)
      const { error } = JSON.parse(ran.stderr) as { error: { code: string; message: string } }
      assert.equal(error.code, 'MQ_PARTIAL')
      assert.match(error.message, /^line 2 not sent: .*; 1 message sent$/)
      assert.equal((JSON.parse(ran.stdout) as { items: unknown[] }).items.length, 1)
    })

    const bad: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['-t', 'one'], 2, /no message: -p is missing/],
      [['-t', 'one', '-p', 'x', '--lines'], 2, /more than one source/],
      [['-t', 'one', '-p', 'x', '-i', '1'], 2, /Broker name must be set/],
      [['-t', 'one', '-p', 'x', '-b', 'nope'], 4, /nope/],
      [['-t', 'one', '-p', 'x', '-m', 'true'], 1, /message traces/],
      [['-t', 'one', '-p', ''], 1, /body length is zero/],
      [['-t', 'a b', '-p', 'x'], 2, /illegal characters/],
      [['-t', 'one', '-p'], 2, /--body needs a value/],
      [['-t', 'one', '-t', 'two', '-p', 'x'], 2, /given more than once/],
      [['-t', 'one', '--lines', '--keep-ids'], 2, /--keep-ids goes with --ndjson/],
    ]
    for (const [args, status, message] of bad) {
      it(`ends with ${status} for ${JSON.stringify(args)}`, async () => {
        const ran = await run(['sendMessage', ...args])
        assert.equal(ran.status, status)
        assert.equal(ran.stdout, '')
        assert.match(ran.stderr, message)
      })
    }
  })

  describe('consumeMessage', () => {
    before(async () => {
      await topic('many', '2')
      const input = Array.from({ length: 300 }, (_, i) => `m${i}`).join('\n')
      assert.equal((await run(['sendMessage', '-t', 'many', '--lines'], { input })).status, 0)
    })

    it('prints as mqadmin does, and says where it ended', async () => {
      const { stdout } = await run(['consumeMessage', '-t', 'one'])
      assert.match(
        stdout,
        /^Consume ok\nMSGID: [0-9A-F]{32} MessageExt \[brokerName=broker-a, .* BODY: hello\n/,
      )
      assert.match(
        stdout,
        /\nMessageQueue \[topic=one, brokerName=broker-a, queueId=0\] print msg finished. status=NO_NEW_MSG, offset=2\n$/,
      )
    })

    it('prints at most 128 unless told otherwise, never more than asked for, and tells scripts', async () => {
      const bounded = await run(['consumeMessage', '-t', 'many', '-o', 'ndjson'])
      assert.equal(parsed(bounded.stdout).length, 128)
      assert.match(bounded.stderr, /more than 128 messages/)
      for (const count of [1, 2, 149, 150, 151, 299, 300, 301]) {
        const { stdout } = await run(['consumeMessage', '-t', 'many', '-o', 'ndjson', '-c', String(count)])
        assert.equal(parsed(stdout).length, Math.min(count, 300))
      }
    })

    it('starts at an offset of a queue, with mqadmin -o beside the format', async () => {
      const args = ['consumeMessage', '-t', 'many', '-b', 'broker-a', '-i', '1', '-o', '148']
      const { stdout } = await run([...args, '-o', 'template={queueId}/{queueOffset}\\n'])
      assert.equal(stdout, '1/148\n1/149\n')
    })

    it('takes times in both forms', async () => {
      const { stdout } = await run([
        'consumeMessage',
        '-t',
        'one',
        '-s',
        '0',
        '-e',
        '2001-01-01#00:00:00:000',
        '--quiet',
      ])
      assert.equal(stdout, '')
      const all = await run(['consumeMessage', '-t', 'one', '-s', '2001-01-01#00:00:00:000', '--quiet'])
      assert.equal(all.stdout.trim().split('\n').length, 2)
    })

    const bad: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['-c', '0'], 2, /Please input a positive messageNumber!/],
      [['-i', '0'], 2, /Please set the brokerName before queueId!/],
      [['-b', 'broker-a', '-o', '1'], 2, /Please set queueId before offset!/],
      [['-s', '99999999999999'], 2, /Please set the beginTimestamp before now!/],
      [['-s', '2', '-e', '1'], 2, /beginTimestamp is less than or equal/],
      [['-s', 'yesterday'], 2, /not a time/],
      [['-b', 'broker-a', '-i', '0', '-o', '999'], 4, /no matched msg, offset=999/],
      [['-b', 'nope'], 4, /nope/],
      [['-o', 'template={nope}'], 2, /no field "nope"/],
    ]
    for (const [args, status, message] of bad) {
      it(`ends with ${status} for ${args.join(' ')}`, async () => {
        const ran = await run(['consumeMessage', '-t', 'one', ...args])
        assert.equal(ran.status, status)
        assert.match(ran.stderr, message)
      })
    }
  })

  describe('queryMsgById', () => {
    let sent: Sent
    before(async () => {
      await topic('found')
      const args = ['sendMessage', '-t', 'found', '-p', 'hällo', '-k', 'k', '-c', 'A', '-o', 'ndjson']
      sent = parsed<Sent>((await run(args)).stdout)[0]!
    })

    it('prints as mqadmin does, by unique key and by offset id, and writes the body to a file', async () => {
      for (const id of [sent.msgId, sent.offsetMsgId]) {
        const { status, stdout } = await run([
          'queryMsgById',
          '-t',
          'found',
          '-i',
          id,
          '-f',
          'UTF-8',
          '--utc',
        ])
        assert.equal(status, 0)
        const lines = stdout.split('\n')
        assert.equal(lines[0], `OffsetID:            ${sent.offsetMsgId}`)
        assert.equal(lines[2], 'Tags:                [A]')
        assert.match(lines[8]!, /^Born Timestamp: {6}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}$/)
        assert.equal(lines[14], `Message Body Path:   /tmp/rocketmq/msgbodys/${sent.msgId}`)
        assert.equal(lines[15], 'Message Body:        hällo')
        assert.equal(readFileSync(`/tmp/rocketmq/msgbodys/${sent.msgId}`, 'utf8'), 'hällo')
        assert.deepEqual(lines.slice(16), ['', '', 'WARN: No Consumer', ''])
      }
    })

    it('writes no file for a script', async () => {
      const [other] = parsed<Sent>(
        (await run(['sendMessage', '-t', 'found', '-p', 'x', '-o', 'ndjson'])).stdout,
      )
      const { stdout } = await run(['queryMsgById', '-t', 'found', '-i', other!.msgId, '-o', 'ndjson'])
      assert.equal(parsed<Consumed>(stdout)[0]!.body, 'x')
      assert.equal(existsSync(`/tmp/rocketmq/msgbodys/${other!.msgId}`), false)
    })

    it('prints what it finds of several, and ends with 3 when others are missing', async () => {
      const ran = await run(['queryMsgById', '-t', 'found', '-i', `nope,${sent.msgId}`, '--quiet'])
      assert.equal(ran.status, 3)
      assert.equal(ran.stdout, `${sent.msgId}\n`)
      assert.match(ran.stderr, /1 of 2 failed: no message nope/)
    })

    it('sends a message again', async () => {
      const { stdout } = await run(['queryMsgById', '-t', 'found', '-i', sent.msgId, '-s', 'true'])
      assert.match(stdout, /^prepare resend msg. originalMsgId=[0-9A-F]{32}SendResult \[sendStatus=SEND_OK, /)
      const all = await consumed('found')
      assert.deepEqual([all.at(-1)!.body, all.at(-1)!.tag, all.at(-1)!.keys], ['hällo', 'A', ['k']])
    })

    for (const [args, status, message] of [
      [['-i', 'nope'], 4, /no message nope/],
      [['-i', '../../etc/passwd'], 4, /no message/],
      [['-i', ','], 2, /no message id/],
      [['-i', 'x', '-f', 'klingon'], 2, /unknown charset/],
      [[], 2, /missing required flag --msgId/],
    ] as const) {
      it(`ends with ${status} for ${args.join(' ')}`, async () => {
        const ran = await run(['queryMsgById', '-t', 'found', ...args])
        assert.equal(ran.status, status)
        assert.match(ran.stderr, message)
      })
    }
  })
})
