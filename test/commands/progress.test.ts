import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { binary, cleanEnv, ended, suiteFolder } from '../run-binary.ts'

const hasScript = spawnSync('script', ['--version']).status === 0

describe('progress', () => {
  const folder = suiteFolder()

  /**
   * A shell line under a terminal of 80 columns: util-linux' script has one.
   * @param seen makes the file once that is shown
   */
  async function onTerminal(line: string, seen?: { what: RegExp; file: string }): Promise<string> {
    const env = { ...cleanEnv(), TERM: 'xterm' }
    const child = spawn('script', ['-qec', `stty cols 80; ${line}`, '/dev/null'], { env })
    child.stdin.end()
    let shown = ''
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString()
      if (seen?.what.test(shown) === true) writeFileSync(seen.file, '')
    })
    return (await ended(child)).stdout
  }

  const send = (...args: string[]): string =>
    [
      process.execPath,
      binary,
      'sendMessage',
      '-t',
      'bulk',
      '--lines',
      '--store',
      folder.path('store'),
      ...args,
    ]
      .map((word) => `'${word}'`)
      .join(' ')

  it('of a bulk send tells how many and how fast, on stderr, on a terminal, and not with --quiet', async function () {
    if (!hasScript) this.skip()
    this.timeout(60_000)
    for (const [file, flags] of [['plain'], ['atomic', '--atomic']] as const) {
      // an input that ends when it has been shown: how fast the machine is does not matter
      const seen = { what: /100 sent, \d+\/s/, file: folder.path(file) }
      const input = `(seq 100; until test -e '${seen.file}'; do sleep 0.1; done) |`
      const line = `${input} ${flags === undefined ? send() : send(flags)} > '${folder.path('out')}'`
      assert.doesNotMatch(await onTerminal(line, seen), /success/)
    }
    assert.equal(await onTerminal(`seq 9 | ${send('--quiet')} > /dev/null`), '')
    assert.equal(await onTerminal(`seq 9 | ${send()} > /dev/null 2> /dev/null`), '')
  })

  it('of store commands tells what they do, on stderr, on a terminal, and not with --quiet', async function () {
    if (!hasScript) this.skip()
    this.timeout(60_000)
    const store = (name: string, ...args: string[]): string =>
      [process.execPath, binary, 'store', name, '--store', folder.path('store'), ...args]
        .map((word) => `'${word}'`)
        .join(' ')
    // how far they are comes with the first 50 ms: steps.test.ts
    for (const [line, shown] of [
      [store('verify', '--json'), /verifying/],
      [store('rebuild'), /rebuilding/],
      [store('export', '--to', folder.path('to')), /exporting/],
      [store('import').replace(folder.path('store'), folder.path('to')), /importing/],
      [store('dump'), /^$/],
      [store('verify', '--quiet'), /^$/],
    ] as const)
      assert.match(await onTerminal(`${line} > '${folder.path('out')}'`), shown, line)
    assert.equal(await onTerminal(`${store('verify')} > /dev/null 2> /dev/null`), '')
  })
})
