/** The clients, and how to start the driver of each: our few lines around the unmodified library. */
import { readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { cached, classesOf, jarsOf, requireCommand, run } from '../jars.ts'

export const clientNames = ['Java 5.5.0', 'Java 4.9.8', 'Go 2.1.2'] as const
export type ClientName = (typeof clientNames)[number]

const here = import.meta.dirname
const poms = {
  'Java 5.5.0': join(here, '../pom.xml'),
  'Java 4.9.8': join(here, 'java/4.9.8/pom.xml'),
}
const quietLogback = `-Drmq.logback.configurationFile=${join(here, '../quiet-logback.xml')}`
// Many instances in one process: a JVM that starts soon and does not grow.
const javaFlags = ['-Xmx512m', '-Xss512k', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', quietLogback]

/**
 * The command and its arguments. @param home where the client keeps logs and the offsets of broadcasts
 * @throws PrerequisiteError
 */
export function driverCommand(client: ClientName, home: string): [string, ...string[]] {
  if (client === 'Go 2.1.2') return [join(goDriver(), 'driver')]
  const pom = poms[client]
  const version = client.slice('Java '.length)
  const classes = classesOf([...filesIn(join(here, 'java')), ...filesIn(join(here, 'java', version))], pom)
  const classPath = [classes, join(jarsOf(pom), '*')].join(delimiter)
  return ['java', ...javaFlags, `-Duser.home=${home}`, '-cp', classPath, 'ClientDriver']
}

function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.java'))
    .sort()
    .map((name) => join(folder, name))
}

/** Folder with the driver; go fetches and checks the client as go.sum says. @throws PrerequisiteError */
function goDriver(): string {
  const folder = join(here, 'go')
  const files = readdirSync(folder).sort()
  return cached(
    'go',
    files.map((name) => join(folder, name)),
    (made) => {
      requireCommand('go', ['version'], 'Go 1.22 or later, for the Go client')
      run('go', ['build', '-o', join(made, 'driver'), '.'], folder)
    },
  )
}
