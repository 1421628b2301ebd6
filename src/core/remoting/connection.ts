import type { Socket } from 'node:net'
import { decodeFrame, frameSize, type Command } from './frame.ts'
import type { Unsent } from './unsent.ts'

/** Grows for larger frames, shrinks back with the next chunk. */
const readBufferSize = 64 * 1024

/** How long a peer may take to read what is left for it and to hang up, once we have. */
const lingerMs = 1000

/**
 * Frames over one socket, either direction: a growable read buffer, no promise and no event a frame, and one
 * socket write for all frames sent in a turn of the event loop.
 */
export class Connection {
  readonly remoteAddress: string
  readonly socket: Socket
  readonly #onCommand: (command: Command) => void
  readonly #onClose: (error: Error | null) => void
  readonly #unsent: Unsent | null
  /** What `#unsent` counts of this connection. */
  #counted = 0
  #buffer = Buffer.allocUnsafeSlow(readBufferSize)
  #start = 0
  #end = 0
  #corked = false
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
    onCommand: (command: Command) => void,
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

  send(frame: Buffer): void {
    if (this.#closed) return
    if (!this.#corked) {
      this.#corked = true
      this.socket.cork()
      setImmediate(() => {
        this.#corked = false
        this.socket.uncork()
      })
    }
    this.socket.write(frame)
    if (this.#unsent === null) return
    const own = this.#count(this.#unsent)
    if (!this.#congested && !this.#unsent.allows(own)) {
      this.#congested = true
      this.socket.pause()
    }
  }

  #count(unsent: Unsent): number {
    const own = this.#closed ? 0 : this.socket.writableLength
    if (own !== this.#counted) unsent.changed(own - this.#counted)
    this.#counted = own
    return own
  }

  close(error: Error | null = null): void {
    if (this.#closed) return
    this.#closed = true
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
    this.#makeRoom(chunk.length)
    chunk.copy(this.#buffer, this.#end)
    this.#end += chunk.length
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

  #nextCommand(): Command | null {
    try {
      const size = frameSize(this.#buffer, this.#start, this.#end)
      if (size === 0 || size > this.#end - this.#start) return null
      const command = decodeFrame(this.#buffer, this.#start, size)
      this.#start += size
      return command
    } catch (error) {
      this.close(error as Error)
      return null
    }
  }

  /**
   * Never moves bytes that a handler may still look at: bodies are views into the buffer that is left behind.
   */
  #makeRoom(length: number): void {
    const held = this.#end - this.#start
    if (this.#end + length <= this.#buffer.length) return
    const wanted = Math.max(readBufferSize, (held + length) * (held > readBufferSize ? 2 : 1))
    const next = Buffer.allocUnsafeSlow(wanted)
    this.#buffer.copy(next, 0, this.#start, this.#end)
    this.#buffer = next
    this.#start = 0
    this.#end = held
  }
}
