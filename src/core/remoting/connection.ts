import type { Socket } from 'node:net'
import { emptyBody, Frame, frameSize } from './frame.ts'
import { FrameWriter } from './frame-writer.ts'
import type { Unsent } from './unsent.ts'

/** Least room for a frame of which only a part has come. */
const heldSizeMin = 4096
/** What is to be sent goes out at the end of a turn, or when it is so much. */
const writeSize = 64 * 1024
const outSize = 2 * writeSize

/** A body of so many bytes is not copied: that would cost more than a second part of a write. */
const apartMin = 32 * 1024

/** Buffers to write from that the kernel has emptied: a connection that is answered in a turn takes one. */
const spares: Buffer[] = []
const sparesMax = 16

function spare(bytes: Buffer): void {
  if (bytes.length === outSize && spares.length < sparesMax) spares.push(bytes)
}

/** How long a peer may take to read what is left for it and to hang up, once we have. */
const lingerMs = 1000

/**
 * Frames over one socket, either direction: read where they came, no promise and no event a frame, and one
 * socket write for all frames sent in a turn of the event loop.
 */
export class Connection {
  readonly remoteAddress: string
  readonly socket: Socket
  readonly #onCommand: (command: Frame) => void
  readonly #onClose: (error: Error | null) => void
  readonly #unsent: Unsent | null
  /** What `#unsent` counts of this connection. */
  #counted = 0
  /** What was read last, or, of a frame that came in parts, a buffer with room for more. */
  #buffer: Buffer = emptyBody
  #start = 0
  #end = 0
  /** What is to be sent; null: nothing, or nothing yet. */
  #out: FrameWriter | null = null
  #flushes = false
  readonly #flushSoon = (): void => {
    this.#flushes = false
    this.#flush()
  }
  #congested = false
  #closed = false

  /**
   * @param onCommand gets every whole frame; its body is a view that nobody overwrites
   * @param onClose once, with the error that ended it, if one did
   * @param unsent while it does not allow what waits to be sent, nothing is read. For one side only: two that
   * wait for each other to read would wait forever.
   */
  constructor(
    socket: Socket,
    onCommand: (command: Frame) => void,
    onClose: (error: Error | null) => void,
    unsent: Unsent | null = null,
  ) {
    this.socket = socket
    this.#unsent = unsent
    this.remoteAddress = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`
    this.#onCommand = onCommand
    this.#onClose = onClose
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('drain', () => this.#drained())
    socket.on('error', (error) => this.close(error))
    socket.on('close', () => this.close(null))
  }

  get closed(): boolean {
    return this.#closed
  }

  /** The peer does not read what it is sent: nothing is read from it meanwhile. */
  get congested(): boolean {
    return this.#congested
  }

  /** @param frame nobody changes it any more */
  send(frame: Buffer): void {
    if (this.#closed) return
    this.out.putBody(frame)
    this.sendWritten()
  }

  /** To write frames to, which `sendWritten` then sends; whole ones, or none. */
  get out(): FrameWriter {
    return (this.#out ??= new FrameWriter(spares.pop() ?? Buffer.allocUnsafeSlow(outSize), apartMin))
  }

  /** Sends what was written to `out`, at the end of what is being done now. */
  sendWritten(): void {
    if (this.#closed) this.#out = null
    else if (this.out.at >= writeSize || this.out.apart !== null) this.#flush()
    else if (!this.#flushes) {
      this.#flushes = true
      process.nextTick(this.#flushSoon)
    }
  }

  #flush(): void {
    const out = this.#out
    if (out === null || this.#closed) return
    this.#out = null
    this.#write(out)
    if (this.#unsent === null) return
    const own = this.#count(this.#unsent)
    if (!this.#congested && !this.#unsent.allows(own)) {
      this.#congested = true
      this.socket.pause()
    }
  }

  #write({ bytes, at, apart }: FrameWriter): void {
    const { socket } = this
    const written = bytes.subarray(0, at)
    if (apart !== null || socket.writableLength > 0) {
      // it will wait in the stream: a buffer for 128 KiB must not wait there with one small answer in it
      socket.cork()
      if (at > 0) socket.write(Buffer.from(written))
      if (apart !== null) socket.write(apart)
      socket.uncork()
      return spare(bytes)
    }
    socket.write(written)
    // otherwise the stream writes from it later
    if (socket.writableLength === 0) spare(bytes)
  }

  #count(unsent: Unsent): number {
    const own = this.#closed ? 0 : this.socket.writableLength
    if (own !== this.#counted) unsent.changed(own - this.#counted)
    this.#counted = own
    return own
  }

  close(error: Error | null = null): void {
    if (this.#closed) return
    if (error === null) this.#flush()
    this.#closed = true
    this.#out = null
    this.#letGo()
    if (this.#unsent !== null) this.#count(this.#unsent)
    if (error === null) this.#hangUp()
    else this.socket.destroy()
    this.#onClose(error)
  }

  #hangUp(): void {
    this.socket.end()
    const timer = setTimeout(() => this.socket.destroy(), lingerMs)
    this.socket.once('close', () => clearTimeout(timer))
  }

  #take(chunk: Buffer): void {
    // what comes while we hang up is nobody's
    if (this.#closed) return
    if (this.#start === this.#end) {
      this.#buffer = chunk
      this.#start = 0
      this.#end = chunk.length
    } else {
      this.#makeRoom(chunk.length)
      chunk.copy(this.#buffer, this.#end)
      this.#end += chunk.length
    }
    this.#readCommands()
  }

  #drained(): void {
    if (this.#unsent !== null) this.#count(this.#unsent)
    if (!this.#congested) return
    this.#congested = false
    this.#readCommands()
    if (!this.congested) this.socket.resume()
  }

  /** What `onCommand` throws is not the peer's doing: it passes through. */
  #readCommands(): void {
    while (!this.#closed && !this.#congested) {
      const command = this.#nextCommand()
      if (command === null) return
      this.#onCommand(command)
    }
  }

  #nextCommand(): Frame | null {
    try {
      const size = frameSize(this.#buffer, this.#start, this.#end)
      if (size === 0 || size > this.#end - this.#start) return null
      const command = new Frame(this.#buffer, this.#start, size)
      this.#start += size
      if (this.#start === this.#end) this.#letGo()
      return command
    } catch (error) {
      this.close(error as Error)
      return null
    }
  }

  #letGo(): void {
    this.#buffer = emptyBody
    this.#start = this.#end = 0
  }

  /**
   * Never moves bytes that a handler may still look at: bodies are views into the buffer that is left behind.
   */
  #makeRoom(length: number): void {
    const held = this.#end - this.#start
    if (this.#end + length <= this.#buffer.length) return
    // a frame that comes in parts: room for twice as much, at most for all of it
    const frame = held >= 8 ? frameSize(this.#buffer, this.#start, this.#end) : 0
    const wanted = Math.max(held + length, Math.min(frame, (held + length) * 2))
    const next = Buffer.allocUnsafeSlow(Math.max(heldSizeMin, wanted))
    this.#buffer.copy(next, 0, this.#start, this.#end)
    this.#buffer = next
    this.#start = 0
    this.#end = held
  }
}
