/**
 * Packs the package, lays it into a project of its own as npm would, and uses it there: README's mocha test,
 * the types, and the binary. Its dependencies are those of this checkout: nothing is fetched.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const project = mkdtempSync(join(tmpdir(), 'pocketmq-pack-'))
const inRoot = (name: string): string => join(root, 'node_modules', name)
const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

function install(): void {
  const packed = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', project], root)) as [
    { filename: string },
  ]
  const modules = join(project, 'node_modules')
  mkdirSync(join(modules, 'pocketmq'), { recursive: true })
  run('tar', ['-xzf', packed[0].filename, '-C', join(modules, 'pocketmq'), '--strip-components=1'], project)
  const manifest = JSON.parse(readFileSync(join(modules, 'pocketmq/package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(inRoot(name), join(modules, name))
  }
}

function writeProject(): void {
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    noEmit: true,
    types: ['node'],
  }
  writeFileSync(join(project, 'package.json'), '{"type":"module"}')
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.ts'] }))
  for (const file of ['orders.test.js', 'types.ts'])
    cpSync(join(import.meta.dirname, file), join(project, file))
}

try {
  const example = readFileSync(join(import.meta.dirname, 'orders.test.js'), 'utf8')
  assert.ok(readFileSync(join(root, 'README.md'), 'utf8').includes(example), "README's test is another one")
  install()
  writeProject()
  console.log(run(process.execPath, [inRoot('mocha/bin/mocha.js'), 'orders.test.js'], project))
  run(process.execPath, [inRoot('typescript/bin/tsc'), '-p', '.'], project)
  console.log('types: ok')
  const binary = join(project, 'node_modules/pocketmq/bin/run.js')
  const serve = [binary, 'serve', '--ephemeral', '--port', '0', '--topic', 't:1', '--']
  const sent = run(
    process.execPath,
    [...serve, process.execPath, binary, 'sendMessage', '-t', 't', '-p', 'x'],
    project,
  )
  assert.match(sent, /SEND_OK/)
  console.log('binary: ok')
} finally {
  rmSync(project, { recursive: true, force: true })
}
