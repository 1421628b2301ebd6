import { connect } from 'node:net'
import { mutate } from './mutate.ts'
import type { Random } from './random.ts'

/**
 * Frames of the corpus over as many connections as it takes, one frame in eight mutated: what a connection
 * said before decides what a broken frame can reach. Cut into pieces anywhere. Answers are not looked at.
 */
export async function hostileSession(
  port: number,
  corpus: readonly Buffer[],
  frames: number,
  random: Random,
): Promise<void> {
  const left = Array.from({ length: frames }, () => {
    const frame = random.pick(corpus)
    return random.below(8) === 0 ? mutate(frame, random) : frame
  })
  // the server hangs up on lengths that lie: what comes behind them goes over another connection
  while (left.length > 0) await oneConnection(port, left.splice(0, 4 + random.below(20)), random)
}

async function oneConnection(port: number, frames: readonly Buffer[], random: Random): Promise<void> {
  const bytes = Buffer.concat(frames)
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.resume()
  const closed = new Promise((resolve) => socket.once('close', resolve))
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random.below(3000)
    socket.write(bytes.subarray(at, at + size))
    at += size
    if (random.below(4) === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  socket.end()
  await closed
}
