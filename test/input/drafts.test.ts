import { isUtf8 } from 'node:buffer'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Readable } from 'node:stream'
import type { NewMessage } from '../../src/core/model/message.ts'
import { csvDrafts, type CsvColumns } from '../../src/input/csv-drafts.ts'
import type { Draft, Drafts } from '../../src/input/draft.ts'
import { lineDrafts } from '../../src/input/line-drafts.ts'
import { readLines, readTextLines, readWhole } from '../../src/input/lines.ts'
import { ndjsonDrafts } from '../../src/input/ndjson-drafts.ts'

function chunks(...parts: (string | Buffer)[]): Readable {
  return Readable.from(parts.map((part) => Buffer.from(part)))
}

/** Drafts up to the error, and the error. */
async function drain(drafts: Drafts): Promise<{ drafts: Draft[]; error: Error | null }> {
  const seen: Draft[] = []
  try {
    for await (const batch of drafts) seen.push(...batch)
  } catch (error) {
    return { drafts: seen, error: error as Error }
  }
  return { drafts: seen, error: null }
}

describe('readLines', () => {
  it('gives the same lines however the bytes arrive', async () => {
    const line = fc
      .uint8Array({ maxLength: 6 })
      .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 10)))
    const property = fc.asyncProperty(fc.array(line), fc.boolean(), fc.nat(5), async (lines, ended, size) => {
      const text = Buffer.concat(lines.flatMap((bytes) => [bytes, Buffer.from('\n')]))
      const whole = ended ? text : text.subarray(0, -1)
      const parts: Buffer[] = []
      for (let at = 0; at < whole.length; at += size + 1) parts.push(whole.subarray(at, at + size + 1))
      const read: Buffer[] = []
      for await (const batch of readLines(Readable.from(parts))) read.push(...batch.map(({ bytes }) => bytes))
      const last = lines.at(-1)
      const expected = !ended && last?.length === 0 ? lines.slice(0, -1) : lines
      assert.deepEqual(read, expected)
    })
    await fc.assert(property)
  })

  it('decodes the same lines, and knows those that are no UTF-8, however the bytes arrive', async () => {
    const line = fc
      .oneof(
        fc.string({ unit: 'binary', maxLength: 4 }).map((text) => Buffer.from(text)),
        fc.uint8Array(),
      )
      .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 10)))
    const property = fc.asyncProperty(fc.array(line), fc.nat(9), async (lines, size) => {
      const whole = Buffer.concat(lines.flatMap((bytes) => [bytes, Buffer.from('\n')]))
      const parts: Buffer[] = []
      for (let at = 0; at < whole.length; at += size + 1) parts.push(whole.subarray(at, at + size + 1))
      const read: (string | null)[] = []
      for await (const batch of readTextLines(Readable.from(parts)))
        read.push(...batch.map(({ text }) => text))
      assert.deepEqual(
        read,
        lines.map((bytes) => (isUtf8(bytes) ? bytes.toString() : null)),
      )
    })
    await fc.assert(property)
  })

  it('counts lines and tells an unfinished one', async () => {
    const lines = []
    for await (const batch of readLines(chunks('a\nb', 'c\nd'))) lines.push(...batch)
    assert.deepEqual(
      lines.map(({ number, bytes, ended }) => [number, bytes.toString(), ended]),
      [
        [1, 'a', true],
        [2, 'bc', true],
        [3, 'd', false],
      ],
    )
  })

  it('does not fill the memory with one endless line', async () => {
    let given = 0
    const endless = Readable.from(
      (function* () {
        for (;;) {
          given += 1 << 20
          yield Buffer.alloc(1 << 20, 'x')
        }
      })(),
    )
    await assert.rejects(
      async () => {
        for await (const batch of readLines(endless)) assert.fail(String(batch.length))
      },
      { code: 'MQ_INPUT', message: /line 1: longer/ },
    )
    assert.ok(given < 64 << 20)
  })
})

describe('readWhole', () => {
  it('keeps every byte', async () => {
    assert.deepEqual(
      await readWhole(chunks(' a\n', Buffer.from([0, 255]))),
      Buffer.from([32, 97, 10, 0, 255]),
    )
  })
})

describe('lineDrafts', () => {
  it('makes a message of each line that is not empty', async () => {
    const { drafts, error } = await drain(lineDrafts(chunks('a\n\n b \r\n'), { topic: 'T', tag: 'x' }))
    assert.equal(error, null)
    assert.deepEqual(drafts, [
      { line: 1, message: { topic: 'T', tag: 'x', body: Buffer.from('a') } },
      { line: 3, message: { topic: 'T', tag: 'x', body: Buffer.from(' b \r') } },
    ])
  })
})

describe('ndjsonDrafts', () => {
  const messagesOf = async (text: string | Buffer): Promise<NewMessage[]> => {
    const { drafts, error } = await drain(ndjsonDrafts(chunks(text), { topic: 'T' }))
    if (error !== null) throw error
    return drafts.map(({ message }) => message)
  }

  it('takes body, tag, keys, properties, sharding key and delays', async () => {
    const line = {
      ...{ body: 'b', tag: 't', keys: ['k1', 'k2'], properties: { a: '1' } },
      shardingKey: 's',
    }
    for (const later of [{ delayLevel: 3 }, { deliverAt: 99 }])
      assert.deepEqual(await messagesOf(JSON.stringify({ ...line, ...later }) + '\n\n  \n'), [
        { topic: 'T', ...line, ...later, body: Buffer.from('b') },
      ])
    await assert.rejects(messagesOf('{"body":"b","delayLevel":3,"deliverAt":99}'), { code: 'MQ_INPUT' })
  })

  it('makes the same of a line whether or not it has more than body, keys and tag', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('', 'x', 'a b', '"', '\\', '\u0001', '\u007f', '\u0085', '\u00a0', '\u2028', 'ü', '😀'),
    )
    const json = text.map((value) => JSON.stringify(value))
    // unescaped where JSON.stringify would escape, numbers, names in other words
    const value = fc.oneof(
      { weight: 6, arbitrary: json },
      text.map((raw) => `"${raw.replace(/\n/g, '')}"`),
      fc.constantFrom('null', '1', '{}', '["a"', '"\\u0062"'),
    )
    const list = fc.array(value, { maxLength: 3 }).map((all) => `[${all.join(',')}]`)
    const blanks = fc.constantFrom('', '', '', ' ', '  ', '\t', '\r')
    const name = fc.constantFrom('"body"', '"body"', '"keys"', '"tag"', '"bod\\u0079"', '"other"', 'body')
    const field = fc.tuple(name, blanks, fc.oneof(value, list), blanks).map(([of, before, is, behind]) => {
      return `${before}${of}${behind}:${before}${is}${behind}`
    })
    const usual = fc
      .tuple(json, fc.array(json, { maxLength: 2 }), fc.option(json))
      .map(([body, keys, tag]) => [
        `"body":${body}`,
        `"keys":[${keys.join(', ')}]`,
        ...(tag === null ? [] : [`"tag":${tag}`]),
      ])
    const slip = fc.option(
      fc.tuple(fc.nat(200), fc.constantFrom('"', ',', '', '}', '{', ':', '[', ']', ' ', '\\')),
      {
        freq: 2,
      },
    )
    const more = fc.record(
      { tag: fc.string(), keys: fc.constant(['k']), later: fc.constant({ delayLevel: 2 }) },
      { requiredKeys: [] },
    )
    const property = fc.asyncProperty(
      fc.oneof({ weight: 3, arbitrary: usual }, fc.array(field, { minLength: 1, maxLength: 4 })),
      slip,
      more,
      async (fields, slipped, defaults) => {
        let inner = fields.join(',')
        if (slipped !== null) {
          const at = slipped[0] % (inner.length + 1)
          inner = inner.slice(0, at) + slipped[1] + inner.slice(at + 1)
        }
        const read = async (line: string) => {
          const { drafts, error } = await drain(
            ndjsonDrafts(chunks(`${line}\n`), { topic: 'T', ...defaults }),
          )
          // JSON.parse says where in the line
          return { drafts, error: error?.message.replace(/JSON value: .*/s, 'JSON value') }
        }
        assert.deepEqual(await read(`{${inner}}`), await read(`{"x":0,${inner}}`))
      },
    )
    await fc.assert(property, { numRuns: 2000 })
  })

  it('takes what consumeMessage wrote, without what belongs to the old message', async () => {
    const consumed = {
      ...{ topic: 'old', queueId: 3, msgId: 'X', tag: 't', keys: ['k'], bodyBase64: '/wA=' },
      properties: {
        KEYS: 'k',
        TAGS: 't',
        UNIQ_KEY: 'X',
        WAIT: 'true',
        TIMER_OUT_MS: '1',
        __SHARDINGKEY: 's',
        own: 'v',
      },
    }
    assert.deepEqual(await messagesOf(JSON.stringify(consumed)), [
      {
        ...{ topic: 'T', tag: 't', keys: ['k'], shardingKey: 's', properties: { own: 'v' } },
        body: Buffer.from([255, 0]),
      },
    ])
  })

  it('keeps body, tag, keys and user properties of any message', async () => {
    const text = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((s) => !s.includes('\u0001') && !s.includes('\u0002') && Buffer.from(s).toString() === s)
    const key = fc.stringMatching(/^[!-~]+$/)
    const name = fc.stringMatching(/^[a-z]+$/)
    const message = fc.record({
      body: text,
      tag: text,
      keys: fc.array(key),
      properties: fc.dictionary(name, text, { noNullPrototype: true }),
    })
    await fc.assert(
      fc.asyncProperty(message, async (line) => {
        const [read] = await messagesOf(JSON.stringify(line))
        assert.deepEqual({ properties: {}, ...read }, { topic: 'T', ...line, body: Buffer.from(line.body) })
      }),
    )
  })

  const bad: readonly (readonly [string | Buffer, RegExp])[] = [
    ['{"body":"a"', /the input ends in the middle of it/],
    ['{"body":"a"\n', /not a JSON value/],
    ['[]\n', /not a JSON object/],
    ['"x"\n', /not a JSON object/],
    ['{}\n', /no "body"/],
    ['{"body":1}\n', /"body" is not a string/],
    ['{"body":"a","bodyBase64":"YQ=="}\n', /both/],
    ['{"bodyBase64":"a"}\n', /not base64/],
    ['{"bodyBase64":"####"}\n', /not base64/],
    ['{"body":"a","keys":["x y"]}\n', /blank or control/],
    ['{"body":"a","keys":[""]}\n', /a key is empty/],
    ['{"body":"a","keys":[1]}\n', /not a list of strings/],
    ['{"body":"a","tag":1}\n', /"tag" is not a string/],
    ['{"body":"a","tag":"\\u0001"}\n', /control character/],
    ['{"body":"a","properties":{"a":1}}\n', /property "a" is not a string/],
    ['{"body":"a","properties":[]}\n', /not an object/],
    ['{"body":"a","delayLevel":-1}\n', /not a whole number/],
    [Buffer.from([0x7b, 0xff, 0x0a]), /not UTF-8/],
  ]
  for (const [text, message] of bad) {
    it(`says what is wrong with ${JSON.stringify(text.toString())}`, async () => {
      const { drafts, error } = await drain(ndjsonDrafts(chunks('{"body":"first"}\n', text), { topic: 'T' }))
      assert.equal(drafts.length, 1)
      assert.match(error!.message, message)
      assert.match(error!.message, /^line 2: /)
      assert.equal((error as { code?: string }).code, 'MQ_INPUT')
    })
  }
})

describe('csvDrafts', () => {
  const drainCsv = (text: string | Buffer, columns: Partial<CsvColumns> = {}) =>
    drain(csvDrafts(chunks(text), { topic: 'T', ...columns }))

  it('makes a JSON object of each row, with key and tag from columns', async () => {
    const { drafts, error } = await drainCsv('\ufeffid,state,name\nA,TX,"x, ""y""\nz"\n\nB,,w\n', {
      key: 'id',
      tag: 'state',
    })
    assert.equal(error, null)
    assert.deepEqual(
      drafts.map(({ message }) => ({ ...message, body: JSON.parse(message.body.toString()) as unknown })),
      [
        { topic: 'T', keys: ['A'], tag: 'TX', body: { id: 'A', state: 'TX', name: 'x, "y"\nz' } },
        { topic: 'T', keys: ['B'], body: { id: 'B', state: '', name: 'w' } },
      ],
    )
  })

  const bad: readonly (readonly [string | Buffer, RegExp, Partial<CsvColumns>?])[] = [
    ['a,b\n1\n', /^line 2: .*Length/],
    ['a,b\n1,"2\n', /Quote Not Closed/],
    ['a,a\n1,2\n', /^line 1: two columns/],
    ['a,b\n1,2\n', /^line 1: no column "c"/, { key: 'c' }],
    ['a,b\nx y,2\n', /^line 2: key "x y"/, { key: 'a' }],
    [Buffer.from([0x61, 0x0a, 0xff, 0x0a]), /not UTF-8/],
  ]
  for (const [text, message, columns] of bad) {
    it(`says what is wrong with ${JSON.stringify(text.toString())}`, async () => {
      const { error } = await drainCsv(text, columns)
      assert.match(error!.message, message)
      assert.equal((error as { code?: string }).code, 'MQ_INPUT')
    })
  }
})
