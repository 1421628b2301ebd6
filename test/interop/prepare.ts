/**
 * First step of `npm run test:interop`: fetches RocketMQ and its clients and compiles the drivers, so that no
 * test waits for it.
 */
import { clientNames, driverCommand } from './clients/drivers.ts'
import { PrerequisiteError, prepare } from './jars.ts'

try {
  prepare(() => console.error('fetching RocketMQ 5.5.0 with Maven (once, about 100 MB)…'))
  for (const client of clientNames) driverCommand(client, '')
} catch (error) {
  if (!(error instanceof PrerequisiteError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
