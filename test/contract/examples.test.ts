/** What `--help` shows can be typed: every command has a worked example, of commands and flags that exist. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runBinary } from '../run-binary.ts'

interface Command {
  readonly examples?: readonly string[]
  readonly flags: Readonly<Record<string, { readonly char?: string; readonly aliases?: readonly string[] }>>
}

const path = join(import.meta.dirname, '../../oclif.manifest.json')
const { commands } = JSON.parse(readFileSync(path, 'utf8')) as { commands: Record<string, Command> }

/** The commands of ours in a shell line, each with its words; what is quoted is a value. */
function callsIn(example: string): string[][] {
  const bare = example.replaceAll(/'[^']*'|"[^"]*"/g, 'VALUE')
  return bare
    .split(/[|;&()]|(?: -- )/)
    .map((part) => part.trim().split(/\s+/))
    .map((words) => words.slice(words.findIndex((word) => /^(pocketmq|mqadmin)$/.test(word)) + 1))
    .filter(
      (words, i) => /\b(pocketmq|mqadmin)\b/.test(bare.split(/[|;&()]|(?: -- )/)[i]!) && words.length > 0,
    )
}

function commandOf([first = '', second = '']: readonly string[]): Command | undefined {
  return commands[`${first}:${second}`] ?? commands[first]
}

describe('examples', () => {
  for (const [id, { examples = [] }] of Object.entries(commands)) {
    it(`of ${id} show it, with flags that there are`, () => {
      const calls = examples.flatMap(callsIn)
      const name = id.split(':')
      assert.ok(
        calls.some((words) => name.every((part, i) => words[i] === part)),
        `no example of ${id}`,
      )
      for (const words of calls) {
        const command = commandOf(words)
        assert.ok(command !== undefined, `no command ${words.join(' ')}`)
        const known = Object.entries(command.flags).flatMap(([flag, { char, aliases = [] }]) => [
          ...[flag, ...aliases].map((each) => `--${each}`),
          ...(char === undefined ? [] : [`-${char}`]),
        ])
        // -o is the format where a command has no flag of that letter
        known.push('-o')
        for (const word of words) {
          const [flag] = word.split('=')
          if (/^--?[a-zA-Z]/.test(flag!)) assert.ok(known.includes(flag!), `${words.join(' ')}: ${flag}`)
        }
      }
    })
  }

  it('are in the help', async () => {
    const { stdout, status } = await runBinary(['request', '--help'])
    assert.equal(status, 0)
    assert.match(stdout, /EXAMPLES\n +\$ pocketmq request -t prices/)
  })
})
