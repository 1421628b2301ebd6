import assert from 'node:assert/strict'
import { chooseFormat } from '../../src/output/format.ts'
import { render, type RenderOptions } from '../../src/output/render.ts'
import { ClosedPipeError, Sink } from '../../src/output/sink.ts'
import type { View } from '../../src/output/view.ts'

interface Row {
  readonly name: string
  readonly count: number
}

const columns: View<Row> = {
  shape: 'list',
  items: [
    { name: 'a', count: 1 },
    { name: 'a name that is longer', count: 22 },
  ],
  fields: ['name', 'count', 'double'],
  toJson: ({ name, count }) => ({ name, count, double: count * 2 }),
  toId: ({ name }) => name,
  table: {
    kind: 'columns',
    headerFormat: '%-8s  %-6s',
    rowFormat: '%-8s  %6s',
    columns: [
      { title: '#Name', field: 'name', cell: ({ name }) => name },
      { title: '#Count', field: 'count', cell: ({ count }) => count },
    ],
    footer: (rows) => `Total: ${rows.length}\n`,
  },
}

const plain: RenderOptions = { format: { kind: 'table' }, columns: null, headers: true, target: null }

async function rendered<T>(view: View<T>, options: Partial<RenderOptions> = {}): Promise<string> {
  let text = ''
  const sink = new Sink((bytes) => {
    text += bytes.toString()
    return bytes.length
  })
  try {
    await render(view, { ...plain, ...options }, sink)
  } finally {
    await sink.flush()
  }
  return text
}

describe('render', () => {
  it('pads columns as mqadmin does and cuts nothing', async () => {
    assert.equal(
      await rendered(columns),
      '#Name     #Count\na              1\na name that is longer      22\nTotal: 2\n',
    )
  })

  it('prints chosen columns, derived ones too, without headers when asked', async () => {
    assert.equal(
      await rendered(columns, { columns: ['COUNT', 'double'] }),
      '#Count  #double     \n     1  2           \n    22  44          \n',
    )
    assert.equal(
      await rendered(columns, { columns: ['name'], headers: false }),
      'a       \na name that is longer\n',
    )
    await assert.rejects(rendered(columns, { columns: ['nope'] }), {
      code: 'MQ_USAGE',
      hint: /name, count, double/,
    })
  })

  it('draws borders in wide only', async () => {
    const wide = await rendered(columns, { format: { kind: 'wide' } })
    assert.match(wide, /│ a name that is longer │ 22 /)
    assert.ok(!wide.includes('\u001b'))
  })

  it('puts items into a versioned envelope with the target', async () => {
    const target = { kind: 'folder', store: '/s' } as const
    const json: unknown = JSON.parse(await rendered(columns, { format: { kind: 'json' }, target }))
    assert.deepEqual(json, {
      version: 1,
      target,
      items: [
        { name: 'a', count: 1, double: 2 },
        { name: 'a name that is longer', count: 22, double: 44 },
      ],
    })
    const empty: unknown = JSON.parse(
      await rendered({ ...columns, items: [] }, { format: { kind: 'json' }, target }),
    )
    assert.deepEqual(empty, { version: 1, target, items: [] })
  })

  it('puts the fields of one thing beside the version', async () => {
    const one: View<Row> = { ...columns, shape: 'one', items: [{ name: 'a', count: 1 }] }
    assert.deepEqual(JSON.parse(await rendered(one, { format: { kind: 'json' }, columns: ['count'] })), {
      version: 1,
      count: 1,
    })
  })

  it('writes a line an item in ndjson, template and quiet', async () => {
    assert.equal(
      await rendered(columns, { format: { kind: 'ndjson' }, columns: ['name'] }),
      '{"name":"a"}\n{"name":"a name that is longer"}\n',
    )
    assert.equal(await rendered(columns, { format: { kind: 'template', template: '{count};' } }), '1;22;')
    assert.equal(await rendered(columns, { format: { kind: 'quiet' } }), 'a\na name that is longer\n')
  })

  it('prints falsy values', async () => {
    const zero: View<number> = {
      ...{ shape: 'list', items: [0], fields: ['n'], toId: String },
      toJson: (n) => ({ n }),
      table: { kind: 'text', item: (n) => `${n}\n` },
    }
    assert.equal(await rendered(zero), '0\n')
    assert.equal(await rendered(zero, { format: { kind: 'ndjson' } }), '{"n":0}\n')
  })

  describe('of a stream that fails', () => {
    const failing = (count: number): View<Row> => ({
      ...columns,
      items: (async function* () {
        for (let i = 0; i < count; i++) yield await Promise.resolve({ name: `n${i}`, count: i })
        throw new Error('broken')
      })(),
    })

    it('leaves a whole JSON document of what was done, or none', async () => {
      let text = ''
      const sink = new Sink((bytes) => {
        text += bytes.toString()
        return bytes.length
      })
      await assert.rejects(render(failing(0), { ...plain, format: { kind: 'json' } }, sink), /broken/)
      await sink.flush()
      assert.equal(text, '')
      await assert.rejects(render(failing(2), { ...plain, format: { kind: 'json' } }, sink), /broken/)
      await sink.flush()
      assert.equal((JSON.parse(text) as { items: unknown[] }).items.length, 2)
    })
  })
})

describe('Sink', () => {
  const errno = (code: string) => Object.assign(new Error(code), { code })

  it('writes short writes to their end, and waits while a pipe is full', async () => {
    let text = ''
    let calls = 0
    const sink = new Sink((bytes) => {
      if (calls++ % 2 === 0) throw errno('EAGAIN')
      text += bytes.subarray(0, 3).toString()
      return Math.min(3, bytes.length)
    })
    await sink.write('hello world')
    await sink.flush()
    assert.equal(text, 'hello world')
  })

  it('tells of a closed pipe, then and later', async () => {
    const sink = new Sink(() => {
      throw errno('EPIPE')
    })
    await sink.write('x')
    await assert.rejects(sink.flush(), ClosedPipeError)
  })

  it('keeps other errors', async () => {
    const sink = new Sink(() => {
      throw errno('ENOSPC')
    })
    await sink.write('x')
    await assert.rejects(sink.flush(), { code: 'ENOSPC' })
  })

  it('tells at the next flush of what could not be written without being asked', async () => {
    let full = true
    const sink = new Sink((bytes) => {
      if (full) throw errno('ENOSPC')
      return bytes.length
    })
    await sink.write('x')
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    full = false
    await assert.rejects(sink.flush(), { code: 'ENOSPC' }, 'what is lost stays lost')
  })

  it('goes on while a file is written to, one write at a time, in order', async () => {
    let [text, expected, underWay, most] = ['', '', 0, 0]
    const sink = new Sink(
      (bytes) => {
        assert.equal(underWay, 0)
        text += bytes.toString()
        return bytes.length
      },
      (bytes, done) => {
        most = Math.max(most, ++underWay)
        const written = Math.ceil(bytes.length / 2)
        setImmediate(() => {
          text += bytes.toString('latin1', 0, written)
          underWay--
          done(null, written)
        })
      },
    )
    for (let i = 0; i < 40; i++) {
      const piece = `${i}`.repeat(i % 7 === 0 ? 300_000 : 20_000)
      const bytes = Buffer.from(piece)
      const full = sink.write(i % 2 === 0 ? piece : bytes)
      // it keeps nothing of what it was given
      bytes.fill(0)
      if (full !== null) await full
      expected += piece
    }
    await sink.flush()
    assert.equal(most, 1)
    assert.ok(text === expected)
  })

  it('tells what a write met that it did not wait for, then and later', async () => {
    const sink = new Sink(
      () => assert.fail('nothing is written behind a gap'),
      (_, done) => setImmediate(() => done(errno('ENOSPC'), 0)),
    )
    assert.equal(sink.write('x'.repeat(300_000)), null)
    await assert.rejects(sink.write('x'.repeat(300_000))!, { code: 'ENOSPC' })
    assert.throws(() => sink.write('x'), { code: 'ENOSPC' })
    await assert.rejects(sink.flush(), { code: 'ENOSPC' })
  })

  it('writes what came last without being asked', async () => {
    let text = ''
    const sink = new Sink((bytes) => {
      text += bytes.toString()
      return bytes.length
    })
    await sink.write('x')
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(text, 'x')
  })
})

describe('chooseFormat', () => {
  it('takes one format, however often it is named', () => {
    assert.deepEqual(chooseFormat({}), { kind: 'table' })
    assert.deepEqual(chooseFormat({ output: 'json', json: true }), { kind: 'json' })
    assert.deepEqual(chooseFormat({ output: 'template={a}' }), { kind: 'template', template: '{a}' })
  })

  it('refuses two, and unknown ones', () => {
    assert.throws(() => chooseFormat({ output: 'ndjson', json: true }), { code: 'MQ_USAGE' })
    assert.throws(() => chooseFormat({ quiet: true, json: true }), { code: 'MQ_USAGE' })
    assert.throws(() => chooseFormat({ output: 'yaml' }), { code: 'MQ_USAGE', hint: /ndjson/ })
  })
})
