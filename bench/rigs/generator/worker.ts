/**
 * A worker thread that fills sockets with location frames: as fast as the server takes them, or at
 * a fixed rate whatever happens (open loop). WebSocket messages are built once, masked with a key
 * of zeros (which the protocol allows and which leaves the payload unchanged), and written to raw
 * sockets. Between writes only numbers and times in them change. With a client library the client
 * would be measured: `ws` masks and allocates for every message.
 *
 * Frames sent and not yet counted by the server are bounded, over all sockets together. Otherwise a
 * server slower than this generator stays at one socket: uWebSockets reads a socket again as long
 * as each read fills its buffer of 512 KB, and its timers wait meanwhile (measured: without end).
 *
 * Latency in the open loop is the delay of pings on the same sockets, which wait behind earlier
 * frames. It counts from their due time, so a stalled server cannot hide behind a generator that
 * waits.
 */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { connect as connectTls } from 'node:tls'
import { parentPort, workerData } from 'node:worker_threads'
import { encodeFrames, type LocationFrame } from '../../../protocol/river/frames.ts'
import { sourceAddress } from '../dial.ts'
import type { GeneratorReport, WorkerCommand, WorkerOptions } from './generator.ts'

const { url, tokens, framesPerMessage, messagesPerWrite, inFlightMax, startMs, firstIndex } =
  workerData as WorkerOptions
const { hostname, port: portText, protocol, host } = new URL(url)
const secure = protocol === 'https:'
const port = Number(portText) || (secure ? 443 : 80)
const frameStepMs = 1
const jitterFrames = 512
const openAtOnce = 64
const pingEveryMs = 20

let sent = 0
/** Frames that the server has counted. */
let counted = 0
const pongsMs: number[] = []

class Stream {
  readonly socket: Socket
  readonly #buffer: Buffer
  /** Offset of each frame's number in the buffer. Time and latitude follow at fixed distances. */
  readonly #offsets: number[] = []
  readonly #latitude: number
  #seq = 1
  /** Due times of the pings under way, oldest first. */
  readonly #pingsDueMs: number[] = []
  blocked = false
  writes = 0

  constructor(socket: Socket, index: number) {
    this.socket = socket
    this.#latitude = 27.7172 + (index % 10_000) * 1e-4
    const frame: LocationFrame = {
      seq: 0,
      timestampMs: 0,
      latitude: this.#latitude,
      longitude: 85.324,
      headingDeg: 90,
      speedMps: 8,
      accuracyM: null,
    }
    const frames = Array.from({ length: framesPerMessage }, () => frame)
    // A single frame is sent alone, not as an array of one.
    const array = encodeFrames(frames)
    const payload = framesPerMessage === 1 ? array.subarray(1) : array
    const message = masked(0x82, payload)
    this.#buffer = Buffer.concat(Array.from({ length: messagesPerWrite }, () => message))
    const frameBytes =
      (payload.length - (framesPerMessage === 1 ? 0 : framesPerMessage < 16 ? 1 : 3)) /
      framesPerMessage
    for (let m = 0; m < messagesPerWrite; m++) {
      const first = (m + 1) * message.length - framesPerMessage * frameBytes
      for (let f = 0; f < framesPerMessage; f++) this.#offsets.push(first + f * frameBytes + 2)
    }
    socket.on('error', () => undefined)
    // Acknowledgements are read and dropped.
    socket.on('data', (data: Buffer) => {
      if (this.#pingsDueMs.length === 0) return
      for (let at = data.indexOf(pong); at >= 0; at = data.indexOf(pong, at + pong.length)) {
        const dueMs = this.#pingsDueMs.shift()
        if (dueMs !== undefined) pongsMs.push(performance.now() - dueMs)
      }
    })
  }

  /**
   * Writes the next numbers into the buffer and gives it to the kernel. The buffer must not change
   * until the kernel has it.
   */
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
    const flushed = (): void => {
      this.blocked = false
    }
    this.socket.write(buffer, flushed)
    if (this.socket.writableLength === 0) this.blocked = false
  }

  ping(dueMs: number): void {
    this.#pingsDueMs.push(dueMs)
    this.socket.write(pingMessage)
  }

  get pingsUnanswered(): number {
    return this.#pingsDueMs.length
  }
}

function masked(head: number, payload: Uint8Array): Buffer {
  const { length } = payload
  return Buffer.concat([
    Buffer.from([
      head,
      ...(length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff]),
      0,
      0,
      0,
      0,
    ]),
    payload,
  ])
}
const pingMessage = masked(0x81, Buffer.from('{"type":"ping"}'))
const pong = Buffer.from('"pong"')

function open(token: string, index: number): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const localAddress = sourceAddress(hostname)
    const socket = secure
      ? connectTls({ host: hostname, port, servername: hostname })
      : connect({ host: hostname, port, ...(localAddress !== undefined && { localAddress }) })
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.write(
      `GET /ws/driver HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: bearer, ${token}\r\n\r\n`,
    )
    let seen = ''
    const wait = (data: Buffer): void => {
      seen += data.toString('latin1')
      const refused = /^HTTP\/1\.1 (?!101).*/.exec(seen)?.[0] ?? /"type":"error".*/.exec(seen)?.[0]
      if (refused !== undefined)
        reject(new Error(`the server refused the socket: ${refused.slice(0, 200)}`))
      if (!seen.includes('"type":"connection"')) return
      socket.off('data', wait)
      socket.off('error', reject)
      resolve(new Stream(socket, index))
    }
    socket.on('data', wait)
    socket.once('close', () =>
      reject(
        new Error(
          `the server closed the socket: ${seen.slice(seen.indexOf('\r\n\r\n') + 4).slice(0, 200)}`,
        ),
      ),
    )
  })
}

const streams: Stream[] = []
for (let from = 0; from < tokens.length; from += openAtOnce)
  streams.push(
    ...(await Promise.all(
      tokens.slice(from, from + openAtOnce).map((token, at) => open(token, firstIndex + from + at)),
    )),
  )

let running = false
let startedMs = 0
let lateMsMax = 0
let eluStart = performance.eventLoopUtilization()

function say(message: unknown): void {
  // The rule is about browser windows, whose postMessage takes an origin; that of a thread has
  // none.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(message)
}

/** Sends as fast as the server takes frames. */
function fill(): void {
  if (!running) return
  for (const stream of streams) {
    if (sent - counted >= inFlightMax) break
    if (!stream.blocked && !stream.socket.destroyed) stream.write()
  }
  if (sent - counted >= inFlightMax) setTimeout(fill, 1)
  else setImmediate(fill)
}

/**
 * Sends writes at their due times, in turn over the sockets. A blocked socket delays its own write
 * and all later ones until it accepts bytes again; `lateMsMax` shows the delay.
 */
function pace(writesPerSecond: number): void {
  let written = 0
  let pinged = 0
  const turn = (): void => {
    if (!running) return
    const nowMs = performance.now()
    const due = Math.floor(((nowMs - startedMs) * writesPerSecond) / 1_000)
    for (let tried = 0; written < due && tried < streams.length; tried++) {
      const stream = streams[written % streams.length]!
      if (stream.blocked) break
      stream.write()
      written++
    }
    lateMsMax = Math.max(lateMsMax, nowMs - startedMs - (written * 1_000) / writesPerSecond)
    for (; pinged * pingEveryMs <= nowMs - startedMs; pinged++)
      streams[pinged % streams.length]!.ping(startedMs + pinged * pingEveryMs)
    if (written < due) setImmediate(turn)
    else setTimeout(turn, 1)
  }
  turn()
}

function stop(): void {
  running = false
  const report: GeneratorReport = {
    frames: sent,
    writes: streams.reduce((total, stream) => total + stream.writes, 0),
    seconds: (performance.now() - startedMs) / 1_000,
    utilization: performance.eventLoopUtilization(eluStart).utilization,
    pongsMs,
    pingsUnanswered: streams.reduce((total, stream) => total + stream.pingsUnanswered, 0),
    lateMsMax,
    closed: streams.filter(stream => stream.socket.destroyed).length,
  }
  for (const { socket } of streams) socket.destroy()
  say({ report })
  parentPort!.close()
}

parentPort!.on('message', (command: WorkerCommand) => {
  switch (command.do) {
    case 'counted':
      counted = command.frames
      return
    case 'stop':
      stop()
      return
    default:
      running = true
      startedMs = performance.now()
      eluStart = performance.eventLoopUtilization()
      if (command.do === 'fill') fill()
      else pace(command.writesPerSecond)
  }
})
say('ready')
