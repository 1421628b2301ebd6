import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { binary, cleanEnv, ended, suiteFolder } from '../run-binary.ts'

const hasScript = spawnSync('script', ['--version']).status === 0

describe('progress of a bulk send', () => {
  const folder = suiteFolder()

  /** A shell line under a terminal of 80 columns: util-linux' script has one. */
  async function onTerminal(line: string): Promise<string> {
    const env = { ...cleanEnv(), TERM: 'xterm' }
    const child = spawn('script', ['-qec', `stty cols 80; ${line}`, '/dev/null'], { env })
    child.stdin.end()
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

  it('tells how many and how fast on a terminal, on stderr, and not with --quiet', async function () {
    if (!hasScript) this.skip()
    // an input that pauses: what is shown meanwhile does not depend on how fast the machine is
    const input = '(seq 100; sleep 1) |'
    const shown = await onTerminal(`${input} ${send()} > '${folder.path('out')}'`)
    assert.match(shown, /100 sent, \d+\/s/)
    assert.doesNotMatch(shown, /success/)
    assert.match(await onTerminal(`${input} ${send('--atomic')} > /dev/null`), /100 sent, \d+\/s/)
    assert.equal(await onTerminal(`seq 9 | ${send('--quiet')} > /dev/null`), '')
    assert.equal(await onTerminal(`seq 9 | ${send()} > /dev/null 2> /dev/null`), '')
  })
})
