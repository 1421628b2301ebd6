/** Tells the clients of a machine apart: ClientConfig.changeInstanceNameToPID. */
export function instanceName(): string {
  return `${process.pid}#${process.hrtime.bigint()}`
}
