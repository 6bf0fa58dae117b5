/**
 * The driver's side: offers and assignments come in, and locations go out. A location waits while
 * there is no network, so none is lost.
 *
 * ```ts
 * const driver = connectDriver({ url, token: () => session.freshToken() }) driver.on('offer', offer
 * => driver.respondToOffer(offer.offer_id, true)) await driver.setStatus('available')
 * navigator.geolocation.watchPosition(({ coords }) => driver.sendLocation(coords))
 * ```
 */
import type { Availability } from '../drivers/statuses.ts'
import { checkFrame, encodeFrames, type LocationFrame } from '../river/frames.ts'
import { Connection, type ConnectOptions } from './connection.ts'
import { Emitter } from './emitter.ts'
import type { HeardOn } from '../dispatch/messages.ts'
import type {
  ConnectionNews,
  DriverGreeting,
  MessageEvents,
  OfferResult,
  StatusResult,
  Temperatures,
  TemperaturesResult,
} from './messages.ts'
import { Outbox, readAck } from './outbox.ts'
import { clientLimits } from './limits.ts'
import { Talk } from './talk.ts'

type Received = HeardOn<'driver'>

/** Every message of the channel by its type, except the answers to this client's own questions. */
export interface DriverEvents
  extends
    ConnectionNews,
    MessageEvents<'driver', 'ack' | 'offer_result' | 'status_result' | 'temperatures_result'> {
  open: DriverGreeting
  /** All frames up to `seq` have reached the bus of the dispatch engine. */
  ack: { seq: number; waiting: number }
}

/** Stores frame numbers between runs of the app, so that none is used twice. */
export interface SequenceStore {
  /** The first unused number; 0 at first. */
  load(): number
  save(next: number): void
}

export interface DriverOptions extends ConnectOptions {
  /** Without it, numbers begin with the time in seconds, which grows from run to run. */
  sequence?: SequenceStore
  /** The value of `driver.unacknowledged` at the end of the last run. */
  unacknowledged?: readonly LocationFrame[]
  framesMax?: number
}

export interface Location {
  latitude: number
  longitude: number
  headingDeg?: number | null
  speedMps?: number | null
  accuracyM?: number | null
  /** Time of the position, ms. The default is now, by a clock corrected with the server's. */
  timestampMs?: number
}

/** Connects the signed-in driver, now and again after each loss, until `close`. */
export function connectDriver(options: DriverOptions): Driver {
  return new Driver(options)
}

export class Driver extends Emitter<DriverEvents> {
  readonly talk: Talk
  readonly #connection: Connection<Received>
  readonly #outbox: Outbox
  readonly #sequence: SequenceStore | undefined
  #nextSeq: number
  #reservedSeq: number
  /** Correction that is added to the device's clock, ms. */
  #clockCorrectionMs = 0
  #flushTimer: ReturnType<typeof setTimeout> | null = null
  readonly #stallTimer: ReturnType<typeof setInterval>
  #progressAtMs = Date.now()
  #stalls = 0

  constructor(options: DriverOptions) {
    super()
    this.#outbox = new Outbox(options.framesMax)
    for (const frame of options.unacknowledged ?? []) this.#outbox.push(frame)
    this.#sequence = options.sequence
    this.#nextSeq = options.sequence?.load() ?? Math.floor(Date.now() / 1000)
    this.#reservedSeq = this.#nextSeq
    this.#connection = new Connection('/ws/driver', options)
    this.talk = new Talk(this.#connection)
    this.#connection.on('open', greeting => this.#opened(greeting as DriverGreeting))
    this.#connection.on('closed', closed => {
      this.#outbox.rewind()
      if (closed.final) this.#stop()
      this.emit('closed', closed)
    })
    this.#connection.on('binary', bytes => {
      const seq = readAck(bytes)
      if (seq !== null) this.#acknowledged(seq)
    })
    this.#connection.on('message', message => this.#received(message))
    this.#stallTimer = setInterval(() => this.#checkStall(), clientLimits.ackStallMs / 5)
  }

  get isOpen(): boolean {
    return this.#connection.isOpen
  }
  /**
   * Frames that the server has not acknowledged. Store them when the app closes, and pass them to
   * the next run.
   */
  get unacknowledged(): readonly LocationFrame[] {
    return this.#outbox.frames
  }
  /** Number of frames given up because more than `framesMax` waited. */
  get evicted(): number {
    return this.#outbox.evicted
  }

  /**
   * Queues a position. It is sent within a quarter of a second, or when the network is back. Throws
   * RangeError on numbers that no server accepts.
   */
  sendLocation(location: Location): void {
    const frame: LocationFrame = {
      seq: this.#nextSeq,
      timestampMs: location.timestampMs ?? Date.now() + this.#clockCorrectionMs,
      latitude: location.latitude,
      longitude: location.longitude,
      headingDeg: location.headingDeg ?? null,
      speedMps: location.speedMps ?? null,
      accuracyM: location.accuracyM ?? null,
    }
    const problem = checkFrame(frame, Infinity)
    if (problem !== null) throw new RangeError(`${problem}: ${JSON.stringify(location)}`)
    if (this.#sequence !== undefined && this.#nextSeq >= this.#reservedSeq) {
      this.#reservedSeq = this.#nextSeq + clientLimits.sequenceStride
      this.#sequence.save(this.#reservedSeq)
    }
    this.#nextSeq++
    if (this.#outbox.inFlight === 0) this.#progressAtMs = Date.now()
    this.#outbox.push(frame)
    this.#scheduleFlush()
  }

  respondToOffer(offerId: string, accept: boolean, reason?: string): Promise<OfferResult> {
    return this.#connection.request({
      type: 'offer_response',
      offer_id: offerId,
      accept,
      ...(reason !== undefined && { reason }),
    })
  }

  setStatus(status: Availability): Promise<StatusResult> {
    return this.#connection.request({ type: 'status', status })
  }

  /** What a thermometer measured while the driver has the parcel. */
  sendTemperatures(of: Omit<Temperatures, 'type' | 'id'>): Promise<TemperaturesResult> {
    return this.#connection.request({ type: 'temperatures', ...of })
  }

  close(): void {
    this.#flush()
    this.#connection.close()
  }

  #stop(): void {
    clearInterval(this.#stallTimer)
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer)
    this.#flushTimer = null
  }

  #opened(greeting: DriverGreeting): void {
    this.#correctClock(greeting.server_time_ms)
    this.#startOver()
    this.emit('open', greeting)
  }

  /**
   * Corrects the clock. The server would refuse a frame ahead of its clock and take a frame far
   * behind it as late.
   */
  #correctClock(serverNowMs: number): void {
    const correctionMs = serverNowMs - Date.now()
    this.#clockCorrectionMs = Math.abs(correctionMs) > clientLimits.clockErrorMs ? correctionMs : 0
    this.#outbox.correctFuture(serverNowMs, Math.max(0, -correctionMs))
  }

  #received(message: Received): void {
    switch (message.type) {
      case 'ack':
        this.#acknowledged(message.seq)
        break
      case 'error':
        // The server refused the whole message that held this frame. Send it again with corrected
        // times.
        if (message.code === 'frame_in_future' && message.server_time_ms !== undefined) {
          this.#correctClock(message.server_time_ms)
          this.#startOver()
        }
        // The edge works but a service behind it does not. Wait on this connection, because another
        // one would meet the same.
        if (message.code === 'unavailable') this.#stalls = 0
        this.pass(message)
        break
      case 'connection':
      case 'pong':
      case 'offer_result':
      case 'status_result':
      case 'temperatures_result':
        break
      default:
        this.pass(message)
    }
  }

  #acknowledged(seq: number): void {
    if (!this.#outbox.acknowledge(seq)) return
    this.#progressAtMs = Date.now()
    this.#stalls = 0
    this.emit('ack', { seq, waiting: this.#outbox.length })
    this.#scheduleFlush()
  }

  #startOver(): void {
    this.#outbox.rewind()
    this.#progressAtMs = Date.now()
    this.#scheduleFlush()
  }

  /**
   * Sends frames again when acknowledgements stay out, also those that the bus behind the edge did
   * not take.
   */
  #checkStall(): void {
    if (!this.#connection.isOpen || this.#outbox.inFlight === 0) return
    if (Date.now() - this.#progressAtMs < clientLimits.ackStallMs) return
    if (++this.#stalls > 2) {
      this.#stalls = 0
      this.#connection.restart('locations are not acknowledged')
    } else this.#startOver()
  }

  #scheduleFlush(): void {
    this.#flushTimer ??= setTimeout(() => {
      this.#flushTimer = null
      this.#flush()
    }, clientLimits.batchMs)
  }

  #flush(): void {
    for (
      let messages = 0;
      messages < clientLimits.messagesPerFlushMax && this.#connection.isOpen;
      messages++
    ) {
      const batch = this.#outbox.take()
      if (batch.length === 0) return
      if (this.#connection.sendRaw(encodeFrames(batch) as Uint8Array<ArrayBuffer>)) continue
      this.#outbox.rewind()
      return
    }
    if (this.#connection.isOpen) this.#scheduleFlush()
  }
}
