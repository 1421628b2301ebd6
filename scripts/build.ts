import { build, type Plugin as EsbuildPlugin } from 'esbuild'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Plugin } from '@oclif/core'

const root = join(import.meta.dirname, '..')

/** Native modules stay outside; oclif only asks for typescript when it finds itself in a source tree. */
const external = ['better-sqlite3', 'lz4-napi', 'typescript']

/** Command name to file: one file in an area's folder is one command, named as mqadmin's. */
function commandFiles(): ReadonlyMap<string, string> {
  const folder = join(root, 'src/commands')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /^[a-z]+[/\\]\w+\.ts$/.test(file))
    .sort((a, b) => (basename(a) < basename(b) ? -1 : 1))
  return new Map(files.map((file) => [basename(file, '.ts'), join(folder, file)]))
}

/** The bundle's entry. Commands are getters over require, so that a start evaluates one of them only. */
function entrySource(): string {
  const getters = [...commandFiles()].map(
    ([name, file]) => `get ${name}() { return require(${JSON.stringify(file)}).default },`,
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

/** One CommonJS file that starts with its own hash, which bin/run.js keys its code cache by. */
async function bundle(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [{ in: 'pocketmq:entry', out: 'pocketmq' }],
    plugins: [entry],
    outdir: join(root, 'dist'),
    outExtension: { '.js': '.cjs' },
    bundle: true,
    write: false,
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
    keepNames: true,
    legalComments: 'none',
    logLevel: 'warning',
  })
  const text = outputFiles[0]!.text
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16)
  writeFileSync(join(root, 'dist/pocketmq.cjs'), `/*${hash}*/${text}`)
}

/** What help and bin/run.js know of the commands, as oclif derives it from them. */
async function manifest(): Promise<void> {
  const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true })
  await plugin.load()
  writeFileSync(join(root, 'oclif.manifest.json'), JSON.stringify(plugin.manifest) + '\n')
}

rmSync(join(root, 'dist'), { recursive: true, force: true })
rmSync(join(root, 'oclif.manifest.json'), { force: true })
mkdirSync(join(root, 'dist'))
await bundle()
await manifest()
