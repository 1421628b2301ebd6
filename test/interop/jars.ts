/**
 * The real RocketMQ, fetched once with Maven into .interop-cache, and our Java sources compiled beside it:
 * one folder per content of pom.xml or sources, made under another name and renamed, so that it is whole or
 * absent.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const here = import.meta.dirname
const cacheDir = join(here, '../../.interop-cache')
const pomPath = join(here, 'pom.xml')
const javaDir = join(here, 'java')

/** The machine lacks what the interop tests need; its message is for the person who ran them. */
export class PrerequisiteError extends Error {
  override name = 'PrerequisiteError'
}

/** Folder with RocketMQ's jars; fetched if need be, with `onFetch` told before. @throws PrerequisiteError */
export function rocketmqJars(onFetch: () => void = () => {}): string {
  return jarsOf(pomPath, onFetch)
}

/** Folder with all that a pom.xml depends on. @throws PrerequisiteError */
export function jarsOf(pom: string, onFetch: () => void = () => {}): string {
  return cached('jars', [pom], (folder) => {
    requireCommand('mvn', ['-v'], 'Maven (mvn), to fetch RocketMQ')
    onFetch()
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`, '-DincludeScope=runtime']
    run('mvn', ['-q', '-B', '-f', pom, ...goal])
  })
}

/** Folder with compiled Java classes. @throws PrerequisiteError */
export function classesOf(sources: readonly string[], pom: string): string {
  return cached('classes', [pom, ...sources], (folder) => {
    const jars = jarsOf(pom)
    requireCommand('javac', ['-version'], 'a JDK (javac), 11 or later')
    run('javac', ['-nowarn', '-Xlint:-deprecation', '-d', folder, '-cp', join(jars, '*'), ...sources])
  })
}

/** Folder with our compiled Java classes. @throws PrerequisiteError */
export function driverClasses(): string {
  const sources = readdirSync(javaDir)
    .sort()
    .map((name) => join(javaDir, name))
  return classesOf(sources, pomPath)
}

/** What java's -cp takes: our classes, then RocketMQ. */
export function classPath(): string {
  return [driverClasses(), join(rocketmqJars(), '*')].join(delimiter)
}

/** @throws PrerequisiteError when Java, or Maven while the jars are not there yet, is missing */
export function prepare(onFetch: () => void): void {
  requireCommand('java', ['-version'], 'Java 11 or later')
  rocketmqJars(onFetch)
  driverClasses()
}

export function requireCommand(command: string, args: string[], what: string): void {
  if (spawnSync(command, args, { stdio: 'ignore' }).status !== 0)
    throw new PrerequisiteError(`the interop tests need ${what}: install it and see that it is in the PATH`)
}

function contentHash(paths: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of paths) hash.update(readFileSync(path))
  return hash.digest('hex').slice(0, 16)
}

/** A folder for a content of files: `fill` makes it where there is none yet. */
export function cached(kind: string, madeOf: readonly string[], fill: (folder: string) => void): string {
  const path = join(cacheDir, `${kind}-${contentHash(madeOf)}`)
  if (!existsSync(path)) makeFolder(path, fill)
  return path
}

function makeFolder(path: string, fill: (folder: string) => void): void {
  mkdirSync(cacheDir, { recursive: true })
  const draft = mkdtempSync(join(cacheDir, 'making-'))
  try {
    fill(draft)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    // Two runs made it at the same time: the first one's is as good.
    if (!existsSync(path)) throw error
  }
}

export function run(command: string, args: string[], cwd = here): void {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', cwd })
  if (status === 0) return
  const said = `${stdout}${stderr}`.trim().split('\n').slice(-5).join('\n')
  throw new PrerequisiteError(`${command} ${args[0] ?? ''} failed:\n${said}`)
}
