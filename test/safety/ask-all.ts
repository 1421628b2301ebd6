import { connect } from 'node:net'
import { once } from 'node:events'
import { Connection } from '../../src/core/remoting/connection.ts'
import { CommandFlag } from '../../src/core/remoting/frame.ts'
import type { Asked } from './hostile-ids.ts'

export interface Answered {
  readonly code: number
  readonly remark: string | null
}

/**
 * The answers to requests over one connection, in the order of the requests; null for those that were not
 * answered when it was closed.
 * @param window asked at once
 */
export async function askAll(
  address: string,
  requests: readonly Asked[],
  window = 64,
): Promise<(Answered | null)[]> {
  const [host, port] = address.split(':')
  const socket = connect({ host: host!, port: Number(port) })
  await once(socket, 'connect')
  const answers = Array<Answered | null>(requests.length).fill(null)
  let asked = 0
  let answered = 0
  await new Promise<void>((resolve) => {
    const connection: Connection = new Connection(
      socket,
      ({ flag, opaque, code, remark }) => {
        // the broker asks, too
        if (!(flag & CommandFlag.response)) return
        answers[opaque] = { code, remark }
        answered++
        more()
      },
      () => resolve(),
    )
    const more = (): void => {
      if (answered === requests.length) return connection.close()
      for (; asked < requests.length && asked - answered < window; asked++)
        connection.send(requests[asked]!(asked))
    }
    more()
  })
  return answers
}
