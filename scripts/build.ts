import { build, type Metafile, type Plugin as EsbuildPlugin } from 'esbuild'
import { Plugin } from '@oclif/core'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

/** Native modules stay outside; oclif asks for typescript only where it finds itself in a source tree. */
const external = ['better-sqlite3', 'lz4-napi', 'typescript']

/** Areas whose name is said before the command's: ours, which mqadmin does not have. */
const topics = new Set(['ctx', 'store'])

/** Command id to file: one file in an area's folder is one command, named as mqadmin's, or `topic:name`. */
function commandFiles(): ReadonlyMap<string, string> {
  const folder = join(root, 'src/commands')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /^[a-z]+[/\\]\w+\.ts$/.test(file))
    .sort((a, b) => (basename(a) < basename(b) ? -1 : 1))
  return new Map(
    files.map((file) => {
      const [area, name] = [dirname(file), basename(file, '.ts')]
      return [topics.has(area) ? `${area}:${name}` : name, join(folder, file)]
    }),
  )
}

/** The bundle's entry. Commands are getters over require, so that a start evaluates one of them only. */
function entrySource(): string {
  const getters = [...commandFiles()].map(
    ([name, file]) => `get ${JSON.stringify(name)}() { return require(${JSON.stringify(file)}).default },`,
  )
  return [
    `export const COMMANDS = {\n${getters.join('\n')}\n}`,
    `export { runCommand, failUnknownCommand } from ${JSON.stringify(join(root, 'src/mq-command.ts'))}`,
  ].join('\n')
}

const entry: EsbuildPlugin = {
  name: 'entry',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^pocketmq:entry$/ }, () => ({ path: 'entry', namespace: 'pocketmq' }))
    onLoad({ filter: /.*/, namespace: 'pocketmq' }, () => ({ contents: entrySource(), resolveDir: root }))
  },
}

/**
 * oclif's parser and Command load its configuration, help and terminal code at once; a command needs none of
 * them, and they take a tenth of its time. Here they are loaded by the first use of one of their exports.
 */
const lazyOclif: EsbuildPlugin = {
  name: 'lazy-oclif',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^\.\.?\/(config|help|help\/index|help\/util|ux)$/ }, async (args) => {
      const { path, importer, resolveDir, kind } = args
      if (args.pluginData === 'eager' || !/@oclif\/core\/lib\/(command|flags|parser|errors)/.test(importer))
        return null
      const real = await resolve(path, { importer, resolveDir, kind, pluginData: 'eager' })
      return { path: real.path, namespace: 'lazy-oclif' }
    })
    onLoad({ filter: /.*/, namespace: 'lazy-oclif' }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, {
        get: (_, name) => name === '__esModule' || require(${JSON.stringify(path)})[name],
      })`,
      resolveDir: root,
    }))
  },
}

/** One CommonJS file that starts with its own hash, which bin/run.js keys its code cache by. */
async function bundle(): Promise<Metafile> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: 'pocketmq:entry', out: 'pocketmq' }],
    plugins: [entry, lazyOclif],
    outdir: dist,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    external,
    // for createRequire, which takes a path as well
    define: { 'import.meta.url': '__filename' },
    // import() needs a loader that a script from a code cache has not
    supported: { 'dynamic-import': false },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none', // the notices file has them whole
    logLevel: 'warning',
  })
  const { text } = outputFiles[0]!
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16)
  writeFileSync(join(dist, 'pocketmq.cjs'), `/*${hash}*/${text}`)
  return metafile
}

/** What `import … from 'pocketmq'` loads. */
async function bundleLibrary(): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: 'src/core/index.ts', out: 'index' }],
    outdir: dist,
    bundle: true,
    metafile: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    external,
    legalComments: 'none',
    logLevel: 'warning',
  })
  return metafile
}

/** The licences of what is bundled ask for their text to come along. */
function thirdPartyNotices(bundles: readonly Metafile[]): string {
  const packages = new Set<string>()
  for (const input of bundles.flatMap(({ inputs }) => Object.keys(inputs))) {
    const [, folder] = /^(?:[\w-]+:)?(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? []
    if (folder !== undefined) packages.add(relative(root, resolve(root, folder)))
  }
  return [...packages].sort().map(noticeOf).join('\n')
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(
    readFileSync(join(root, folder, 'package.json'), 'utf8'),
  ) as Record<string, string>
  const files = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|notice)/i.test(file))
  const texts = files.map((file) => readFileSync(join(root, folder, file), 'utf8').trim())
  return [`== ${name} ${version} (${license})`, ...texts, ''].join('\n\n')
}

/** What help and bin/run.js know of the commands, as oclif derives it from them. */
async function writeManifest(): Promise<void> {
  const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true })
  await plugin.load()
  writeFileSync(join(root, 'oclif.manifest.json'), `${JSON.stringify(plugin.manifest)}\n`)
}

/** Writes dist/ and oclif.manifest.json. */
async function buildAll(): Promise<void> {
  rmSync(dist, { recursive: true, force: true })
  rmSync(join(root, 'oclif.manifest.json'), { force: true })
  mkdirSync(dist)
  const bundles = [await bundle(), await bundleLibrary()]
  writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), thirdPartyNotices(bundles))
  await writeManifest()
}
await buildAll()
