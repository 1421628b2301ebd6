import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { limits } from '../../../src/core/model/limits.ts'
import { Connection } from '../../../src/core/remoting/connection.ts'
import { encodeFrame, FrameError, type Command } from '../../../src/core/remoting/frame.ts'
import { Unsent } from '../../../src/core/remoting/unsent.ts'
import { socketPair, until } from './sockets.ts'

function command(opaque: number, body: Buffer, serializeType: 'json' | 'binary' = 'json'): Command {
  const ext = Object.create(null) as Record<string, string>
  ext['topic'] = 'T'
  return {
    serializeType,
    code: 10,
    language: 'JAVA',
    version: 513,
    opaque,
    flag: 0,
    remark: null,
    ext,
    body,
  }
}

describe('Connection', () => {
  let far: Socket
  let closePair: () => void
  let received: Command[]
  let closings: (Error | null)[]
  let connection: Connection

  beforeEach(async () => {
    const pair = await socketPair()
    far = pair.far
    far.on('error', () => undefined)
    closePair = pair.close
    received = []
    closings = []
    connection = new Connection(
      pair.near,
      (each) => received.push(each),
      (error) => closings.push(error),
    )
  })
  afterEach(() => closePair())

  it('puts frames together again, cut at every place', async () => {
    const frames = [
      command(1, Buffer.from('one')),
      command(2, Buffer.alloc(0), 'binary'),
      command(3, Buffer.from('x')),
    ]
    const bytes = Buffer.concat(frames.map(encodeFrame))
    for (let cut = 1; cut < bytes.length; cut++) {
      far.write(bytes.subarray(0, cut))
      await new Promise((resolve) => setImmediate(resolve))
      far.write(bytes.subarray(cut))
    }
    await until(() => received.length === 3 * (bytes.length - 1))
    received.forEach((each, i) => {
      const sent = frames[i % 3]!
      assert.equal(each.opaque, sent.opaque)
      assert.ok(each.body.equals(sent.body))
    })
  })

  it('takes frames byte by byte', async () => {
    for (const byte of encodeFrame(command(7, Buffer.from('slow')))) {
      far.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => received.length === 1)
    assert.equal(received[0]!.body.toString(), 'slow')
  })

  it('takes the largest frame between small ones, and leaves the bodies of earlier ones alone', async () => {
    const empty = encodeFrame(command(0, Buffer.alloc(0))).length
    const bodies = [10, limits.frameSizeMax - empty, 20, 70_000, 64 * 1024, 5].map((size, i) =>
      Buffer.alloc(size, i + 1),
    )
    for (const [i, body] of bodies.entries()) far.write(encodeFrame(command(i % 10, body)))
    await until(() => received.length === bodies.length)
    received.forEach((each, i) => assert.ok(each.body.equals(bodies[i]!), `body ${i}`))
  })

  it('closes for garbage, says why once, and hears nothing after that', async () => {
    const valid = encodeFrame(command(1, Buffer.from('before')))
    far.write(Buffer.concat([valid, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), valid]))
    await until(() => closings.length > 0)
    assert.deepEqual(
      received.map((each) => each.body.toString()),
      ['before'],
    )
    assert.ok(closings[0] instanceof FrameError)
    connection.close(null)
    connection.send(valid)
    assert.equal(closings.length, 1)
  })

  it('says so when the other side goes', async () => {
    far.end()
    await until(() => closings.length > 0)
    assert.deepEqual(closings, [null])
    assert.ok(connection.closed)
  })

  it('delivers what was sent before it was closed', async () => {
    const bytes: Buffer[] = []
    let ended = false
    far.on('data', (chunk) => bytes.push(chunk))
    far.on('end', () => (ended = true))
    const frame = encodeFrame(command(1, Buffer.alloc(300_000, 1)))
    connection.send(frame)
    connection.send(frame)
    connection.close(null)
    await until(() => ended)
    assert.ok(Buffer.concat(bytes).equals(Buffer.concat([frame, frame])))
  })

  it('reads nothing more while its answers are not read, and goes on where it was', async () => {
    const { near, far: client, close } = await socketPair()
    const answer = encodeFrame(command(0, Buffer.alloc(1024 * 1024, 1)))
    let served = 0
    const unsentMax = 4 * answer.length
    const slow: Connection = new Connection(
      near,
      () => {
        served++
        slow.send(answer)
      },
      () => undefined,
      new Unsent(unsentMax),
    )
    const asked = 200
    const request = encodeFrame(command(1, Buffer.alloc(0)))
    client.pause()
    client.write(Buffer.concat(Array.from({ length: asked }, () => request)))
    await until(() => slow.congested)
    // one answer may go beyond the mark
    assert.ok(near.writableLength <= unsentMax + answer.length, `${near.writableLength}`)
    assert.ok(served < asked)
    let received = 0
    client.on('data', (chunk) => (received += chunk.length)).resume()
    await until(() => received === asked * answer.length)
    assert.equal(served, asked)
    assert.ok(!slow.congested)
    close()
  })

  it('holds little more than the bytes of small answers that are not read', async () => {
    const { near, far: client, close } = await socketPair()
    const stuck = new Connection(
      near,
      () => undefined,
      () => undefined,
      new Unsent(),
    )
    client.pause()
    const small = encodeFrame(command(1, Buffer.from('x')))
    // more than the kernel takes
    stuck.send(encodeFrame(command(0, Buffer.alloc(12 * 1024 * 1024))))
    const before = process.memoryUsage().arrayBuffers
    const turns = 1000
    for (let i = 0; i < turns; i++) {
      stuck.send(small)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const unread = near.writableLength
    const held = process.memoryUsage().arrayBuffers - before
    close()
    assert.ok(unread > turns * small.length)
    assert.ok(held < 8 * 1024 * 1024, `${held} bytes`)
  })

  it('sends bodies of every length as they are, among small frames', async () => {
    const chunks: Buffer[] = []
    far.on('data', (chunk) => chunks.push(chunk))
    const sizes = [0, 1, 32_000, 32 * 1024, 70_000, 2, 128 * 1024, 3, 1024 * 1024]
    const frames = sizes.map((size, i) => encodeFrame(command(i, Buffer.alloc(size, i))))
    for (const frame of frames) connection.send(frame)
    const all = Buffer.concat(frames)
    await until(() => chunks.reduce((sum, { length }) => sum + length, 0) === all.length)
    assert.ok(Buffer.concat(chunks).equals(all))
  })

  it('lets pass what its owner throws, and stays open', () => {
    const socket = new Socket()
    const frames = [1, 2].map((opaque) => encodeFrame(command(opaque, Buffer.alloc(0))))
    const heard: number[] = []
    const broken = new Connection(
      socket,
      ({ opaque }) => {
        heard.push(opaque)
        if (opaque === 1) throw new Error('a bug')
      },
      () => undefined,
    )
    assert.throws(() => socket.emit('data', Buffer.concat(frames)), /a bug/)
    assert.equal(broken.closed, false)
    socket.emit('data', Buffer.alloc(0))
    assert.deepEqual(heard, [1, 2])
    socket.destroy()
  })

  it('sends the frames of one turn with one write', async () => {
    const sizes: number[] = []
    far.on('data', (chunk) => sizes.push(chunk.length))
    const frame = encodeFrame(command(1, Buffer.from('x')))
    for (let i = 0; i < 50; i++) connection.send(frame)
    await until(() => sizes.reduce((sum, size) => sum + size, 0) === 50 * frame.length)
    assert.equal(sizes.length, 1)
  })
})
