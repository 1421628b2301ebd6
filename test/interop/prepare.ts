/**
 * First step of `npm run test:interop`: fetches RocketMQ and compiles the driver, so that no test waits for
 * it.
 */
import { PrerequisiteError, prepare } from './jars.ts'

try {
  prepare(() => console.error('fetching RocketMQ 5.5.0 with Maven (once, about 100 MB)…'))
} catch (error) {
  if (!(error instanceof PrerequisiteError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
