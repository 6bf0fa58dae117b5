/**
 * A worker thread that fills sockets with location frames as fast as they are taken. WebSocket messages
 * are built once, masked with a key of zeros (which the protocol allows and which leaves the payload as
 * it is), and written to raw TCP sockets; between writes only the numbers and times in them change.
 * A client library would be measured otherwise: `ws` masks and allocates for every message.
 *
 * What is sent and not yet counted by the server is bounded, over all sockets together. Otherwise a
 * server slower than this generator is held at one socket: uWebSockets reads a socket again and again
 * as long as each read fills its buffer of 512 KB, and its timers wait meanwhile (measured: for good).
 */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { parentPort, workerData } from 'node:worker_threads'
import { encodeFrames, type LocationFrame } from '../../protocol/frames.ts'

export interface GeneratorOptions {
  port: number
  /** One socket for each. */
  tokens: string[]
  framesPerMessage: number
  /** Messages in one write, which is about one TCP segment when it fits. */
  messagesPerWrite: number
  /** Frames on their way: sent and not yet counted by the server, as `counted` tells. */
  inFlightMax: number
  /** Device time of the first frame; each next one is a millisecond later. */
  startMs: number
}
export interface GeneratorReport { frames: number; writes: number; seconds: number; utilization: number }

const { port, tokens, framesPerMessage, messagesPerWrite, inFlightMax, startMs } = workerData as GeneratorOptions
const frameStepMs = 1
const jitterFrames = 512

let sent = 0
/** What the server has counted of it. */
let counted = 0

class Stream {
  readonly socket: Socket
  readonly #buffer: Buffer
  /** Where each frame's number begins in the buffer; time and latitude follow at fixed distances. */
  readonly #offsets: number[] = []
  readonly #latitude: number
  #seq = 1
  blocked = false
  writes = 0

  constructor(socket: Socket, index: number) {
    this.socket = socket
    this.#latitude = 27.7172 + index * 1e-4
    const frame: LocationFrame = { seq: 0, timestampMs: 0, latitude: this.#latitude, longitude: 85.324, headingDeg: 90, speedMps: 8, accuracyM: null }
    const frames = Array.from({ length: framesPerMessage }, () => frame)
    // A single frame is sent as one, not as an array of one.
    const array = encodeFrames(frames)
    const payload = framesPerMessage === 1 ? array.subarray(1) : array
    const message = Buffer.concat([header(payload.length), payload])
    this.#buffer = Buffer.concat(Array.from({ length: messagesPerWrite }, () => message))
    const frameBytes = (payload.length - (framesPerMessage === 1 ? 0 : framesPerMessage < 16 ? 1 : 3)) / framesPerMessage
    for (let m = 0; m < messagesPerWrite; m++) {
      const first = (m + 1) * message.length - framesPerMessage * frameBytes
      for (let f = 0; f < framesPerMessage; f++) this.#offsets.push(first + f * frameBytes + 2)
    }
  }

  /** The next numbers into the buffer, and the buffer to the kernel. Nobody may touch it until the kernel has it. */
  write(): void {
    const buffer = this.#buffer
    for (const offset of this.#offsets) {
      const seq = this.#seq++
      buffer.writeUInt32BE(seq, offset)
      buffer.writeDoubleBE(startMs + seq * frameStepMs, offset + 5)
      buffer.writeDoubleBE(this.#latitude + (seq % jitterFrames) * 1e-7, offset + 14)
    }
    sent += this.#offsets.length
    this.writes++
    this.blocked = true
    const flushed = (): void => { this.blocked = false }
    this.socket.write(buffer, flushed)
    if (this.socket.writableLength === 0) this.blocked = false
  }
}

function header(length: number): Buffer {
  const mask = [0, 0, 0, 0]
  return length < 126 ? Buffer.from([0x82, 0x80 | length, ...mask]) : Buffer.from([0x82, 0x80 | 126, length >> 8, length & 0xff, ...mask])
}

function open(token: string, index: number): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.write(`GET /ws/driver HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: bearer, ${token}\r\n\r\n`)
    let seen = ''
    const wait = (data: Buffer): void => {
      seen += data.toString('latin1')
      if (!seen.includes('"type":"connection"')) {
        if (!seen.startsWith('HTTP/1.1 101') && seen.includes('\r\n\r\n')) reject(new Error(seen.split('\r\n')[0]!))
        return
      }
      socket.off('data', wait)
      socket.on('error', () => undefined)
      // Acknowledgements are read and forgotten.
      socket.resume()
      resolve(new Stream(socket, index))
    }
    socket.on('data', wait)
  })
}

const streams = await Promise.all(tokens.map(open))
let running = false
let startedMs = 0
let eluStart = performance.eventLoopUtilization()

// The rule is about windows of a browser, whose postMessage takes an origin; a thread's has none.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
function say(message: unknown): void { parentPort!.postMessage(message) }

function turn(): void {
  if (!running) return
  for (const stream of streams) {
    if (sent - counted >= inFlightMax) break
    if (!stream.blocked && !stream.socket.destroyed) stream.write()
  }
  if (sent - counted >= inFlightMax) setTimeout(turn, 1)
  else setImmediate(turn)
}

parentPort!.on('message', (message: 'go' | 'stop' | { counted: number }) => {
  if (typeof message === 'object') {
    counted = message.counted
    return
  }
  if (message === 'go') {
    running = true
    startedMs = performance.now()
    eluStart = performance.eventLoopUtilization()
    turn()
    return
  }
  running = false
  const report: GeneratorReport = {
    frames: sent, writes: streams.reduce((total, stream) => total + stream.writes, 0),
    seconds: (performance.now() - startedMs) / 1_000, utilization: performance.eventLoopUtilization(eluStart).utilization,
  }
  for (const { socket } of streams) socket.destroy()
  say({ report })
  parentPort!.close()
})
say('ready')
