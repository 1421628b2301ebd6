/** The habits of the project that no other tool checks: layers, sizes, names, nothing dead, nothing stale. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { protocolMarkdown } from '../scripts/protocol-markdown.ts'

const root = join(import.meta.dirname, '..')
const notOurs = new Set([
  'node_modules',
  'dist',
  '.git',
  'data',
  '.interop-cache',
  'package-lock.json',
  'oclif.manifest.json',
])

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => !notOurs.has(name))
    .flatMap((name) => {
      const path = join(folder, name)
      return statSync(join(root, path)).isDirectory() ? filesIn(path) : [path]
    })
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const allFiles = filesIn('.')
const scripts = allFiles.filter((path) => path.endsWith('.ts'))
const sources = scripts.filter((path) => path.startsWith('src/'))

interface Import {
  readonly from: string
  /** A path from the root for a file of ours, else the specifier. */
  readonly to: string
  readonly typeOnly: boolean
}

function importsOf(path: string): Import[] {
  const statements = read(path).matchAll(/^(?:import|export)\s(type\s)?(?:[^'"`;]*?\sfrom\s)?'([^']+)'/gm)
  const lazy = read(path).matchAll(/\bimport\('([^']+)'\)/g)
  return [
    ...[...statements].map(([, type, to]) => ({ to: to!, typeOnly: type !== undefined })),
    ...[...lazy].map(([, to]) => ({ to: to!, typeOnly: false })),
  ].map(({ to, typeOnly }) => ({
    from: path,
    to: to.startsWith('.') ? join(dirname(path), to) : to,
    typeOnly,
  }))
}

const imports = sources.flatMap(importsOf)

/** Nothing but findings fails a check, all of them at once. */
function assertNone(findings: readonly string[]): void {
  assert.equal(findings.length, 0, `\n${findings.join('\n')}`)
}

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, read(path), ts.ScriptTarget.ES2023, true)
}

/** Lines, counted from 0, with a string, template or expression that nobody would cut. */
function linesOfLongTexts(path: string): Set<number> {
  const file = parse(path)
  const lines = new Set<number>()
  const visit = (node: ts.Node): void => {
    const isText = ts.isLiteralExpression(node) || ts.isTemplateExpression(node)
    if (isText && node.getEnd() - node.getStart() >= 50) {
      const first = file.getLineAndCharacterOfPosition(node.getStart()).line
      const last = file.getLineAndCharacterOfPosition(node.getEnd()).line
      for (let line = first; line <= last; line++) lines.add(line)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return lines
}

/** DESIGN's import rule: a part of the core and what it may see, itself always. */
const layers: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  errors: [],
  model: ['lib'],
  store: ['lib', 'errors', 'model'],
  broker: ['lib', 'errors', 'model', 'store'],
  'broker/handlers': ['lib', 'errors', 'model', 'broker', 'remoting'],
  namesrv: ['lib', 'errors', 'model'],
  'namesrv/handlers': ['lib', 'errors', 'model', 'namesrv', 'remoting'],
  remoting: ['lib', 'errors', 'model'],
  client: ['lib', 'errors', 'model', 'remoting'],
}
/** They put the parts together and see everything. */
const composers = ['embedded', 'library', 'connect', 'index']

function layerOf(path: string): string {
  const inCore = relative('src/core', path).replace(/\.ts$/, '')
  if (/^(broker|namesrv)\/handlers\b/.test(inCore)) return inCore.split('/').slice(0, 2).join('/')
  return inCore.split('/')[0]!
}

/** What everything outside of the core may see of it; the few who start something are named. */
const openDoors =
  /^src\/core\/(errors\.ts|lib\/(log|java-properties)\.ts|client\/((group|broker|transaction|request)-)?admin\.ts|model\/.*)$/
const starters: Readonly<Record<string, string>> = {
  'src/command-line/io.ts': 'src/core/connect.ts',
  'src/commands/server/serve.ts': 'src/core/embedded/serve.ts',
  'src/store-command.ts': 'src/core/embedded/maintenance.ts',
}

/** Who may use a module of Node's, or a library; everyone else goes through them. */
const gates: readonly { readonly module: RegExp; readonly allowed: RegExp }[] = [
  {
    module: /^node:fs/,
    // boot-id and process-identity read /proc; serve makes and removes a temporary folder; outside of core
    // are stdin and files of the user
    allowed:
      /^src\/(core\/(store\/file-system|lib\/(boot-id|process-identity)|embedded\/serve)\.ts|(command-line|output|input|commands)\/)/,
  },
  { module: /^node:net$/, allowed: /^src\/core\/(remoting\/(connection|server|client)|model\/host)\.ts$/ },
  { module: /^(node:)?(http|https|dgram|tls|vm|worker_threads)$/, allowed: /^$/ },
  // job-queue and child-command run what the user says
  {
    module: /^node:child_process$/,
    allowed:
      /^src\/(core\/lib\/(boot-id|process-identity)|input\/job-queue|command-line\/child-command)\.ts$/,
  },
  { module: /^better-sqlite3$/, allowed: /^src\/core\/store\/sqlite\.ts$/ },
  { module: /oclif/, allowed: /^src\/(?!core\/)/ },
]

describe('layers', () => {
  const inCore = imports.filter(({ from, to }) => from.startsWith('src/core/') && to.startsWith('src/'))

  it('see what DESIGN lets them see', () => {
    const findings = inCore.flatMap(({ from, to }) => {
      const [mine, theirs] = [layerOf(from), layerOf(to)]
      if (composers.includes(mine)) return []
      if (!to.startsWith('src/core/')) return [`${from} imports ${to}: out of the core`]
      const allowed = layers[mine]
      if (allowed === undefined) return [`${from} is in no layer that this test knows`]
      return mine === theirs || allowed.includes(theirs) ? [] : [`${from} imports ${to}`]
    })
    assertNone(findings)
    assert.ok(inCore.length > 100)
  })

  it('leave the core to errors, the contract and the model', () => {
    const outside = imports.filter(
      ({ from, to }) => !from.startsWith('src/core/') && to.startsWith('src/core/'),
    )
    assertNone(
      outside
        .filter(({ from, to }) => !openDoors.test(to) && starters[from] !== to)
        .map(({ from, to }) => `${from} imports ${to}`),
    )
  })

  it('go through the gates', () => {
    assertNone(
      imports
        .filter(
          ({ from, to, typeOnly }) =>
            !typeOnly && gates.some((gate) => gate.module.test(to) && !gate.allowed.test(from)),
        )
        .map(({ from, to }) => `${from} imports ${to}`),
    )
  })

  it('have no barrels', () => {
    const barrels = sources.filter((path) => basename(path) === 'index.ts' && read(path).includes('export *'))
    assertNone(barrels)
  })
})

describe('files', () => {
  it('are reachable from an entry', () => {
    const isEntry = (path: string): boolean =>
      /^src\/commands\/[a-z]+\/\w+\.ts$|^src\/mq-command\.ts$|^src\/core\/(index|connect|embedded\/serve)\.ts$/.test(
        path,
      )
    const seen = new Set<string>()
    const visit = (path: string): void => {
      if (seen.has(path) || !sources.includes(path)) return
      seen.add(path)
      for (const { from, to } of imports) if (from === path) visit(to)
    }
    sources.filter(isEntry).forEach(visit)
    assertNone(sources.filter((path) => !seen.has(path)))
  })

  it('have kebab-case names, commands those of mqadmin', () => {
    const findings = scripts.filter((path) => {
      const name = basename(path).replace(/(\.test)?\.ts$/, '')
      return path.startsWith('src/commands/')
        ? !/^[a-z][A-Za-z]*$/.test(name)
        : !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)
    })
    assertNone(findings.filter((path) => !/^test\/commands\//.test(path)))
  })

  it('have at most 400 lines, of at most 110 characters, tables and long texts exempt', () => {
    const isTable = /^src\/core\/(errors\.ts|remoting\/(requests|bodies)\/)/
    const findings = scripts.flatMap((path) => {
      const lines = read(path).trimEnd().split('\n')
      const texts = linesOfLongTexts(path)
      const wide = lines.flatMap((line, i) =>
        line.length > 110 && !texts.has(i) ? [`${path}:${i + 1} has ${line.length} characters`] : [],
      )
      return lines.length > 400 && !isTable.test(path) ? [...wide, `${path} has ${lines.length} lines`] : wide
    })
    assertNone(findings)
  })

  it('have functions of at most 70 lines', () => {
    const measured = scripts.filter((path) => !path.startsWith('test/'))
    const findings = measured.flatMap((path) => {
      const file = parse(path)
      const lineOf = (position: number): number => file.getLineAndCharacterOfPosition(position).line + 1
      const long: string[] = []
      const visit = (node: ts.Node): void => {
        const [first, last] = [lineOf(node.getStart()), lineOf(node.getEnd())]
        if (ts.isFunctionLike(node) && last - first >= 70)
          long.push(`${path}:${first} has ${last - first + 1} lines`)
        ts.forEachChild(node, visit)
      }
      visit(file)
      return long
    })
    assertNone(findings)
  })

  it('have no tests switched off or on alone, and nothing left to do', () => {
    const marks = [
      /\b(describe|it|context|specify)\.(only|skip)\(/,
      new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`),
    ]
    assertNone(scripts.filter((path) => marks.some((mark) => mark.test(read(path)))))
  })

  it('name no place of the machine they were written on, and no package registry', () => {
    const home = process.env['HOME'] ?? ''
    const places = [root, home, ['', 'work', ''].join('/')].filter((place) => place.length > 5)
    const registry = /registry\.[a-z]+js\.org|repo1?\.maven/
    const findings = allFiles.filter((path) => {
      const text = read(path)
      return registry.test(text) || places.some((place) => text.includes(place))
    })
    assertNone(findings)
  })
})

describe('generated documents', () => {
  it('are current: docs/protocol.md', () => {
    assert.equal(read('docs/protocol.md'), protocolMarkdown(), 'run npm run docs')
  })
})
