import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { binary, cleanEnv, ended, suiteFolder } from '../run-binary.ts'

interface Step {
  /** As typed, continued lines with it. */
  readonly command: string
  /** Lines; `…` alone is any number of them, in one any text. */
  readonly printed: readonly string[]
}

/** The `$` lines of a section's console blocks, each with what follows it. */
function stepsOf(section: string): readonly Step[] {
  const steps: { command: string; printed: string[] }[] = []
  for (const [, block] of section.matchAll(/^```console\n([\s\S]*?)^```$/gm)) {
    for (const line of block!.trimEnd().split('\n')) {
      const last = steps.at(-1)
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), printed: [] })
      else if (line.startsWith('> ')) last!.command += `\n${line.slice(2)}`
      else last!.printed.push(line)
    }
  }
  return steps
}

function patternOf(printed: readonly string[]): RegExp {
  const lines = printed.map((line) => {
    if (line === '…') return '(?:[^\\n]*\\n)*'
    return `${line
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^\\n]*')}\\n`
  })
  return new RegExp(`^${lines.join('')}$`)
}

for (const name of ['cookbook.md', 'delivery.md']) recipes(name)

/** Each section of a document runs in an empty folder, and prints what it says. */
function recipes(name: string): void {
  const text = readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8')
  const sections = text.split(/^## /m).slice(1)

  describe(`docs/${name}`, () => {
    const folder = suiteFolder()

    before(() => {
      mkdirSync(folder.path('bin'))
      writeFileSync(folder.path('bin/pocketmq'), `#!/bin/sh\nexec '${process.execPath}' '${binary}' "$@"\n`)
      chmodSync(folder.path('bin/pocketmq'), 0o755)
    })

    it('has recipes', () => assert.ok(sections.length >= 5))

    for (const section of sections) {
      const title = section.split('\n', 1)[0]!
      it(`${title}: prints what it says`, async () => {
        const steps = stepsOf(section)
        assert.ok(steps.length > 0)
        const work = folder.path(title.replaceAll(/\W+/g, '-'))
        mkdirSync(work)
        const mark = '\u001e'
        // the mark's printf must not hide a status that the next command asks for
        const script = steps
          .map(({ command }) => `${command}\nstatus=$?; printf '${mark}'; (exit $status)`)
          .join('\n')
        const path = `${folder.path('bin')}${delimiter}${process.env['PATH'] ?? ''}`
        const env = { ...cleanEnv(), PATH: path, HOME: work }
        const { stdout } = await ended(spawn('/bin/sh', ['-c', `exec 2>&1\n${script}`], { cwd: work, env }))
        const printed = stdout.split(mark)
        for (const [i, step] of steps.entries()) {
          const told = `$ ${step.command}\nprinted\n${printed[i] ?? ''}\nnot\n${step.printed.join('\n')}`
          assert.ok(patternOf(step.printed).test(printed[i] ?? ''), told)
        }
        assert.equal(printed.length, steps.length + 1)
      })
    }
  })
}
