#!/usr/bin/env node
'use strict'
// Starts one command from the bundle without loading oclif: half the time of a short command would be oclif's.
const fs = require('node:fs')
const path = require('node:path')
const vm = require('node:vm')
const { crc32 } = require('node:zlib')

const root = path.join(__dirname, '..')
const bundleFile = path.join(root, 'dist/pocketmq.cjs')

/** Where V8's compiled form of the bundle is kept, or null. One a command: it holds the functions that ran. */
function codeCacheFile(source, command, version) {
  const home = process.env.XDG_CACHE_HOME || (process.env.HOME && path.join(process.env.HOME, '.cache'))
  if (!home || !path.isAbsolute(home)) return null
  const hash = source.slice(2, source.indexOf('*/'))
  const build = `${version}-${hash}-node${process.versions.node}-${process.arch}`
  const folders = [home]
  for (const name of ['pocketmq', 'code', build]) folders.push(path.join(folders.at(-1), name))
  return { folders, path: path.join(folders.at(-1), `${command}.bin`) }
}

/** V8 trusts what it is given, and crashes on a flipped bit: the file ends in a checksum of its own. */
function readCodeCache(file) {
  try {
    const bytes = fs.readFileSync(file.path)
    const data = bytes.subarray(0, -4)
    return crc32(data) === bytes.readUInt32BE(data.length) ? data : undefined
  } catch {
    return undefined
  }
}

function withChecksum(data) {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(data))
  return Buffer.concat([data, sum])
}

/** Renamed into place, so that a reader never sees half of it; a cache that cannot be written is no failure. */
function replaceQuietly(file, bytes) {
  const temporary = `${file.path}.${process.pid}`
  try {
    file.folders.forEach(makeFolder)
    fs.writeFileSync(temporary, bytes, { mode: 0o600 })
    fs.renameSync(temporary, file.path)
  } catch {
    fs.rm(temporary, { force: true }, () => undefined)
  }
}

/** One at a time: Node's recursive mkdir never returns where a file system answers ENOENT for good (/proc). */
function makeFolder(folder) {
  try {
    fs.mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
}

/** The bundle's exports, and what to call once the command has run. */
function loadBundle(command, version) {
  const source = fs.readFileSync(bundleFile, 'latin1') // esbuild writes ASCII
  const file = codeCacheFile(source, command, version)
  const cachedData = file === null ? undefined : readCodeCache(file)
  const wrapped = `(function(exports,require,module,__filename,__dirname){${source}\n})`
  const script = new vm.Script(wrapped, { filename: bundleFile, cachedData })
  const module = { exports: {} }
  script.runInThisContext()(module.exports, require, module, bundleFile, path.dirname(bundleFile))
  const stale = cachedData === undefined || script.cachedDataRejected
  const keep = () => stale && file !== null && replaceQuietly(file, withChecksum(script.createCachedData()))
  return { bundle: module.exports, keep }
}

async function help(args) {
  const { execute } = require('@oclif/core')
  await execute({ dir: root, args })
}

/** Exit status, or undefined where oclif sets it. */
async function main([first, ...rest]) {
  const manifest = JSON.parse(fs.readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8'))
  const names = Object.keys(manifest.commands)
  const find = (name) => names.find((known) => known.toLowerCase() === name.toLowerCase())
  const asksHelp = first === undefined || ['help', '--help', '-h'].includes(first)
  if (first === '--version') return help([first])
  if (asksHelp && rest.length === 0) return help(['--help'])
  const [name, ...args] = asksHelp ? rest : [first, ...rest]
  // `store verify` is the command store:verify
  const ofTopic = args.length > 0 ? find(`${name}:${args[0]}`) : undefined
  const command = ofTopic ?? find(name)
  if (ofTopic !== undefined) args.shift()
  const isTopic = names.some((known) => known.toLowerCase().startsWith(`${name.toLowerCase()}:`))
  if (command === undefined && isTopic && (args.length === 0 || /^(-h|--help)$/.test(args[0]))) {
    return help([name, '--help'])
  }
  const { bundle, keep } = loadBundle(command?.replace(':', '-') ?? 'unknown', manifest.version)
  if (command === undefined) {
    const asked = isTopic ? `${name} ${args.shift()}` : name
    return bundle.failUnknownCommand(
      asked,
      names.map((known) => known.replace(':', ' ')),
      args,
    )
  }
  const askHelp = () => help([...command.split(':'), '--help'])
  if (asksHelp) return askHelp()
  const status = await bundle.runCommand(bundle.COMMANDS[command], args, manifest.version)
  if (status === null) return askHelp()
  keep()
  return status
}

main(process.argv.slice(2)).then((status) => {
  // stdin may still be open, and nothing may keep a finished command alive
  if (status !== undefined) process.exit(status)
})
