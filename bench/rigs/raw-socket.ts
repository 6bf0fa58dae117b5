/**
 * A WebSocket client as cheap as Node allows, for thousands of sockets in one generator. The
 * upgrade is written by hand, all sockets receive into one shared buffer, and texts are passed on
 * as bytes. It understands only frames that servers of a bench send: unmasked, uncompressed,
 * unfragmented.
 *
 * Rejected: `ws`. It allocates several objects for each message and reads through streams, about 25
 * µs a delivery, so a fan-out to 1,000 terminals would measure the client. Masks are of zeros,
 * which the protocol allows and which leaves prebuilt messages unchanged.
 */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { dial } from './dial.ts'

export interface RawSocketOptions {
  /** URL of the server, `http://host:port` or `https://host`. */
  url: string
  /** `/ws/pharmacy/` */
  path: string
  /** Sent as `Sec-WebSocket-Protocol: bearer, TOKEN`. */
  token?: string
  /** Receives every text after the upgrade, including the greeting. */
  onText?: (socket: RawSocket, text: Buffer) => void
  onClose?: (socket: RawSocket, code: number) => void
}

const upgradeTimeoutMs = 60_000
export class RawSocket {
  readonly #socket: Socket
  readonly #options: RawSocketOptions
  #upgraded = false
  /** Bytes of a message that has not fully arrived. */
  #rest: Buffer | null = null
  #settle: ((error: Error | null) => void) | null = null
  /** Close code of the server, 1006 when the connection just ended; null while it is open. */
  closedWith: number | null = null
  /** For the caller, for instance the number of the terminal. */
  index = 0
  bytesReceived = 0

  private constructor(options: RawSocketOptions) {
    this.#options = options
    this.#socket = dial(options.url, bytes => this.#read(bytes))
    this.#socket.on('error', error => this.#settle?.(error))
    this.#socket.on('close', () => {
      this.#settle?.(new Error('the connection ended at the upgrade'))
      this.#closed(1006)
    })
    this.#socket.write(
      `GET ${options.path} HTTP/1.1\r\nHost: ${new URL(options.url).host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
        `${options.token === undefined ? '' : `Sec-WebSocket-Protocol: bearer, ${options.token}\r\n`}\r\n`,
    )
  }

  /**
   * Resolves at the upgrade; with `greeted`, at the first text, after which the server counts the
   * socket.
   */
  static open(options: RawSocketOptions, greeted = true): Promise<RawSocket> {
    return new Promise((resolve, reject) => {
      const socket = new RawSocket(options)
      const timer = setTimeout(() => {
        socket.destroy()
        reject(new Error(`no upgrade of ${options.path} in ${upgradeTimeoutMs} ms`))
      }, upgradeTimeoutMs)
      socket.#greeted = greeted
      socket.#settle = error => {
        socket.#settle = null
        clearTimeout(timer)
        if (error === null) resolve(socket)
        else reject(error)
      }
    })
  }
  #greeted = true

  get writableLength(): number {
    return this.#socket.writableLength
  }

  /** Sends a text, such as JSON, of up to 64 KB. */
  sendText(text: string): void {
    this.#socket.write(maskedFrame(Buffer.from(text), 1))
  }
  /** Sends a prebuilt frame of `maskedFrame`. */
  sendFrame(frame: Buffer): void {
    this.#socket.write(frame)
  }
  /** Stops reading, as a stalled reader does. */
  pause(): void {
    this.#socket.pause()
  }
  resume(): void {
    this.#socket.resume()
  }
  destroy(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.bytesReceived += chunk.length
    let data = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = null
    if (!this.#upgraded) {
      const end = data.indexOf('\r\n\r\n')
      if (end < 0) {
        this.#rest = Buffer.from(data)
        return
      }
      if (!data.subarray(0, 12).equals(switching)) {
        this.#settle?.(new Error(data.subarray(0, data.indexOf('\r')).toString('latin1')))
        this.#socket.destroy()
        return
      }
      this.#upgraded = true
      if (!this.#greeted) this.#settle?.(null)
      data = data.subarray(end + 4)
    }
    for (let at = 0; ;) {
      const left = data.length - at
      if (left === 0) return
      const length = left < 2 ? -1 : data[at + 1]!
      const headerBytes = length < 126 ? 2 : length === 126 ? 4 : 10
      if (length < 0 || left < headerBytes) {
        this.#rest = Buffer.from(data.subarray(at))
        return
      }
      const bytes =
        length < 126
          ? length
          : length === 126
            ? data.readUInt16BE(at + 2)
            : Number(data.readBigUInt64BE(at + 2))
      if (left < headerBytes + bytes) {
        this.#rest = Buffer.from(data.subarray(at))
        return
      }
      this.#message(data[at]! & 0x0f, data.subarray(at + headerBytes, at + headerBytes + bytes))
      at += headerBytes + bytes
    }
  }

  #message(opcode: number, payload: Buffer): void {
    switch (opcode) {
      case 1: {
        this.#options.onText?.(this, payload)
        this.#settle?.(null)
        return
      }
      case 8: {
        const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
        this.#settle?.(new Error(`closed with ${code} ${payload.subarray(2).toString()}`))
        this.#closed(code)
        return
      }
      case 9:
        this.#socket.write(maskedFrame(payload, 10))
        return
      default:
        return
    }
  }

  #closed(code: number): void {
    if (this.closedWith !== null) return
    this.closedWith = code
    this.#options.onClose?.(this, code)
  }
}

const switching = Buffer.from('HTTP/1.1 101')

/** A client's frame with a mask of zeros. `opcode`: 1 text, 2 binary, 10 pong. */
export function maskedFrame(payload: Uint8Array, opcode: 1 | 2 | 10): Buffer {
  const { length } = payload
  const header =
    length < 126
      ? [0x80 | opcode, 0x80 | length]
      : [0x80 | opcode, 0x80 | 126, length >> 8, length & 0xff]
  if (length > 0xffff) throw new Error('a frame of more than 64 KB')
  return Buffer.concat([Buffer.from([...header, 0, 0, 0, 0]), payload])
}

/**
 * The text value of a JSON member, without parsing the rest; null when it is missing. The value
 * must contain no escapes.
 */
export function memberOf(text: Buffer, name: string): string | null {
  const key = `"${name}":"`
  const at = text.indexOf(key, 0, 'latin1')
  if (at < 0) return null
  const from = at + key.length
  return text.toString('latin1', from, text.indexOf(0x22, from))
}
