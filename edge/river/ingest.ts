/**
 * Locations from drivers' sockets to the bus: the hottest path of the edge. Frames are checked
 * where they lie and copied verbatim into one batch per region. Each batch is one message on
 * `location.<geohash3>`, sent every limits.locationFlushMs or when it is full. Nothing is allocated
 * for a frame; a frame keeps the region of the frame before it unless it lies outside that region's
 * box.
 *
 * Acknowledgement. `ack n` says that every frame up to n of this connection has reached the bus (a
 * round trip behind it was answered) or was refused with an `error`. When the bus does not take a
 * batch, or loses its connection before the round trip ends, the frames of the batch are lost. The
 * ack then stays below the first lost frame until the client sends that frame or an earlier one
 * again; the client continues in order from there, so `n` is true again. A client that no longer
 * has that frame must connect anew. The client hears of a loss at once, and every second while it
 * lasts, by an `error` of code `unavailable` with the first `seq` to send again. Live frames are
 * taken meanwhile, because maps must show the present position.
 *
 * Rejected: keeping frames here until the bus is back. The apps keep them anyway, and hours of
 * frames of ten thousand drivers do not fit in an edge.
 */
import type { Kernel } from '../kernel/kernel.ts'
import {
  encodeFrames,
  frameErrorName,
  FrameReader,
  type FrameErrorName,
  type LocationFrame,
} from '../../protocol/river/frames.ts'
import { decodeGeohash, encodeGeohash, type GeoBounds } from '../../protocol/river/geo.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { entryHead, LocationBatch } from '../../protocol/river/location-batch.ts'
import { guarded, Seldom } from '../../protocol/kernel/seldom.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import type { Session } from '../kernel/session.ts'

/** Whoever sent frames, and hears what became of them. */
export type FrameSender = Pick<Session, 'sendText' | 'sendBinary' | 'report' | 'refuse'>

/** The connection of one driver, as ingest sees it. */
export class DriverStream {
  readonly session: FrameSender
  /** Bytes that precede each of its frames on the bus. */
  readonly head: Int32Array
  /** True when the client sends bytes; its frames are then acknowledged in msgpack. */
  binary = false
  /**
   * Region of the last frame. Only the batch of this region holds frames of this stream that are
   * not sent yet.
   */
  region: Region | null = null
  /** Lowest and last number of the frames in the batch; -1 for none. */
  waitingLowest = -1
  waitingLast = -1
  /** Number of the first frame that the bus did not take; -1 for none. */
  missing = -1
  /** Highest number that was sent to the bus. */
  handed = -1
  /** Lowest numbers sent to the bus behind the current round trip and before it; -1 for none. */
  behind = -1
  before = -1
  acknowledged = -1
  acknowledgedAtMs = -Infinity
  /** True while the stream waits for an acknowledgement, in the queue or in a round trip. */
  ackQueued = false
  lossToldAtMs = -Infinity
  /** Highest number received, for clients that leave numbering to the edge. */
  highest = -1

  constructor(session: FrameSender, driverId: string) {
    this.session = session
    this.head = entryHead(driverId)
  }
}

interface Region {
  subject: string
  bounds: GeoBounds
  batch: LocationBatch
  streams: DriverStream[]
}

type Parts = Pick<Kernel, 'bus' | 'metrics' | 'log' | 'nowMs'>

export class Ingest {
  readonly #parts: Parts
  readonly #reader = new FrameReader()
  readonly #regions = new Map<string, Region>()
  /** Regions whose batch is not empty. */
  #dirty: Region[] = []
  #flushTimer: NodeJS.Timeout | null = null
  /** Time when a batch was last begun or sent. */
  #nowMs = 0
  /**
   * Streams that have something to acknowledge and wait for their second to end or for a round
   * trip.
   */
  #ackQueue: DriverStream[] = []
  /**
   * Streams covered by the round trip now in flight, with the sequence number each will be
   * acknowledged up to.
   */
  #covered: { stream: DriverStream; upTo: number }[] = []
  #confirmedAtMs = -Infinity
  readonly #stopStatus: () => void
  readonly #ackTimer: NodeJS.Timeout
  readonly #ackBytes = Uint8Array.of(0x92, 0xa3, 0x61, 0x63, 0x6b, 0xce, 0, 0, 0, 0)
  readonly #flush: () => void
  readonly #confirmSafely: () => void

  constructor(parts: Parts) {
    this.#parts = parts
    const seldom = new Seldom((line, error) => parts.log.error({ err: error }, line), parts.nowMs)
    this.#flush = guarded(
      () => this.flush(),
      error => seldom.say('flush', 'locations could not be handed to the bus', error),
    )
    this.#confirmSafely = guarded(
      () => this.#confirm(),
      error => seldom.say('confirm', 'locations could not be acknowledged', error),
    )
    this.#ackTimer = setInterval(this.#confirmSafely, limits.locationAckIntervalMs / 4)
    this.#stopStatus = parts.bus.onStatus(connected => {
      if (!connected) this.#doubtAll()
    })
    this.#ackTimer.unref()
  }

  /** Takes a binary message: one frame or an array of frames. The bytes are not kept. */
  takeBinary(stream: DriverStream, bytes: Uint8Array): void {
    stream.binary = true
    const count = this.#reader.read(bytes, this.#clockMs())
    if (count > 0) this.#take(stream, count)
    if (this.#reader.refused === 0) return
    this.#pass(stream, this.#reader.refusedSeqLast)
    this.#refuseBinary(stream, count)
  }

  /** Takes frames that came as text and were checked. */
  takeFrames(stream: DriverStream, frames: readonly LocationFrame[], refusedSeqLast: number): void {
    stream.binary = false
    if (frames.length > 0) this.#take(stream, this.#reader.read(encodeFrames(frames), Infinity))
    this.#pass(stream, refusedSeqLast)
  }

  /**
   * Frames up to `seq` were refused for good. They are acknowledged with the frames that were sent
   * to the bus; otherwise the app would send them again for ever. -1 for none.
   */
  #pass(stream: DriverStream, seq: number): void {
    if (seq < 0 || !this.#parts.bus.connected) return
    if (seq > stream.highest) stream.highest = seq
    if (stream.waitingLast < 0) this.#settle(stream, seq, seq, this.#parts.nowMs())
    else if (seq > stream.waitingLast) stream.waitingLast = seq
  }

  /**
   * The clock, read once for each flush. It only bounds how far a device's clock may be ahead,
   * which is half a minute, and reading it for each message costs as much as decoding a frame.
   */
  #clockMs(): number {
    if (this.#flushTimer === null) this.#nowMs = this.#parts.nowMs()
    return this.#nowMs
  }

  /** Copies the frames of the reader into the batches of their regions. */
  #take(stream: DriverStream, count: number): void {
    const { seq, latitude, longitude } = this.#reader
    if (!this.#parts.bus.connected) {
      this.#lose(stream, seq[0]!, count)
      return
    }
    for (let from = 0; from < count;) {
      let region = stream.region
      if (region === null || !within(region.bounds, latitude[from]!, longitude[from]!))
        region = this.#move(stream, latitude[from]!, longitude[from]!)
      let to = from + 1
      while (to < count && within(region.bounds, latitude[to]!, longitude[to]!)) to++
      this.#append(stream, region, from, to)
      from = to
    }
    this.#flushTimer ??= setTimeout(this.#flush, limits.locationFlushMs)
  }

  #move(stream: DriverStream, latitude: number, longitude: number): Region {
    // A stream waits in one batch only, so that its frames stay in order and its ack depends on one
    // batch.
    if (stream.waitingLast >= 0) this.#flushRegion(stream.region!)
    return (stream.region = this.#regionAt(latitude, longitude))
  }

  /**
   * Appends the frames `from` to `to` of the reader, all of one region, to its batch. Frames that
   * do not fit go into the next batch.
   */
  #append(stream: DriverStream, region: Region, from: number, to: number): void {
    const { seq } = this.#reader
    const { batch } = region
    for (let index = from; ;) {
      if (batch.count === 0) this.#dirty.push(region)
      const full = batch.append(stream.head, this.#reader, index, to)
      for (; index < full; index++) this.#note(stream, region, seq[index]!)
      if (full === to) return
      this.#flushRegion(region)
    }
  }

  /** Notes that a frame of the stream waits in the batch of the region. */
  #note(stream: DriverStream, region: Region, seq: number): void {
    if (stream.waitingLast < 0) {
      region.streams.push(stream)
      stream.waitingLowest = seq
    } else if (seq < stream.waitingLowest) stream.waitingLowest = seq
    stream.waitingLast = seq
    if (seq > stream.highest) stream.highest = seq
  }

  #regionAt(latitude: number, longitude: number): Region {
    const geohash = encodeGeohash(latitude, longitude, 3)
    let region = this.#regions.get(geohash)
    if (region === undefined) {
      // Streams keep their region, so forgetting the map only means that a batch is made again.
      if (this.#regions.size >= limits.locationRegionsMax) this.#regions.clear()
      region = {
        subject: subjects.location(geohash),
        bounds: decodeGeohash(geohash)!,
        batch: new LocationBatch(),
        streams: [],
      }
      this.#regions.set(geohash, region)
    }
    return region
  }

  /** Sends every batch to the bus. */
  flush(): void {
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer)
    this.#flushTimer = null
    const dirty = this.#dirty
    this.#dirty = []
    for (const region of dirty) this.#flushRegion(region)
  }

  #flushRegion(region: Region): void {
    const { count } = region.batch
    if (count === 0) return
    const handedOver = this.#parts.bus.publish(region.subject, region.batch.take())
    if (handedOver) this.#parts.metrics.framesAccepted.inc(count)
    else this.#parts.metrics.framesRefused.inc({ reason: 'bus_unavailable' }, count)
    const nowMs = (this.#nowMs = this.#parts.nowMs())
    for (const stream of region.streams) {
      const { waitingLowest, waitingLast } = stream
      stream.waitingLowest = stream.waitingLast = -1
      if (handedOver) this.#settle(stream, waitingLowest, waitingLast, nowMs)
      else this.#miss(stream, waitingLowest)
    }
    region.streams.length = 0
  }

  #settle(stream: DriverStream, lowest: number, last: number, nowMs: number): void {
    if (stream.missing >= 0) {
      if (lowest > stream.missing) return
      stream.missing = -1
    }
    if (last > stream.handed) stream.handed = last
    if (stream.handed === stream.acknowledged) return
    if (stream.behind < 0 || lowest < stream.behind) stream.behind = lowest
    if (stream.ackQueued) return
    stream.ackQueued = true
    this.#ackQueue.push(stream)
    if (
      nowMs - this.#confirmedAtMs >= limits.locationConfirmMs &&
      nowMs - stream.acknowledgedAtMs >= limits.locationAckIntervalMs
    )
      this.#confirmSafely()
  }

  #lose(stream: DriverStream, seq: number, count: number): void {
    this.#parts.metrics.framesRefused.inc({ reason: 'bus_unavailable' }, count)
    this.#miss(stream, seq)
  }

  #miss(stream: DriverStream, seq: number): void {
    if (stream.missing < 0 || seq < stream.missing) stream.missing = seq
    const nowMs = this.#parts.nowMs()
    if (nowMs - stream.lossToldAtMs < limits.locationAckIntervalMs) return
    stream.lossToldAtMs = nowMs
    stream.session.report(
      'unavailable',
      'locations cannot be taken now; send them again from seq',
      { seq: stream.missing },
    )
  }

  /**
   * Makes one round trip behind everything that was sent to the bus, then sends the
   * acknowledgements that are due.
   */
  async #confirm(): Promise<void> {
    if (this.#covered.length > 0 || this.#ackQueue.length === 0) return
    const nowMs = this.#parts.nowMs()
    const isDue = (stream: DriverStream): boolean =>
      nowMs - stream.acknowledgedAtMs >= limits.locationAckIntervalMs
    const covered = this.#ackQueue.filter(isDue).map(stream => ({ stream, upTo: stream.handed }))
    if (covered.length === 0) return
    this.#ackQueue = this.#ackQueue.filter(stream => !isDue(stream))
    this.#covered = covered
    this.#confirmedAtMs = nowMs
    for (const { stream } of covered) {
      stream.before = stream.behind
      stream.behind = -1
    }
    const arrived = await this.#parts.bus.flush().then(
      () => true,
      () => false,
    )
    // A disconnection has told all these streams already.
    if (this.#covered !== covered) return
    this.#covered = []
    for (const { stream, upTo } of covered) {
      if (!stream.ackQueued) continue
      if (!arrived) this.#doubt(stream)
      else this.#acknowledge(stream, upTo)
    }
  }

  #acknowledge(stream: DriverStream, upTo: number): void {
    stream.before = -1
    stream.ackQueued = stream.behind >= 0
    if (stream.ackQueued) this.#ackQueue.push(stream)
    this.#sendAck(stream, upTo)
  }

  /**
   * Frames that were sent but not confirmed may be lost with the connection, so the app is asked to
   * send them again.
   */
  #doubt(stream: DriverStream): void {
    const { before, behind } = stream
    stream.before = stream.behind = -1
    stream.ackQueued = false
    stream.handed = stream.acknowledged
    this.#miss(stream, before < 0 ? behind : behind < 0 ? before : Math.min(before, behind))
  }

  #doubtAll(): void {
    const streams = [...this.#ackQueue, ...this.#covered.map(one => one.stream)].filter(
      stream => stream.ackQueued,
    )
    this.#ackQueue = []
    this.#covered = []
    for (const stream of streams) this.#doubt(stream)
  }

  #sendAck(stream: DriverStream, upTo: number): void {
    stream.acknowledged = upTo
    stream.acknowledgedAtMs = this.#parts.nowMs()
    if (!stream.binary) {
      stream.session.sendText(`{"type":"ack","seq":${upTo}}`)
      return
    }
    const bytes = this.#ackBytes
    bytes[6] = upTo >>> 24
    bytes[7] = upTo >>> 16
    bytes[8] = upTo >>> 8
    bytes[9] = upTo
    stream.session.sendBinary(bytes)
  }

  /**
   * `count`: frames of the message that were taken; a negative code for none. Only a message that
   * cannot be read at all is malformed.
   */
  #refuseBinary(stream: DriverStream, count: number): void {
    const { refused, refusedCode, refusedIndex: index, refusedSeq } = this.#reader
    const code = frameErrorName(refusedCode)
    this.countRefused(code, refused)
    const extra = {
      index,
      ...(refusedSeq >= 0 && { seq: refusedSeq }),
      ...(refused > 1 && { refused }),
    }
    if (code === 'frame_in_future')
      stream.session.report(
        code,
        `frame ${index} is more than ${limits.frameFutureMsMax / 1000} s ahead of this server's clock`,
        { ...extra, server_time_ms: this.#parts.nowMs() },
      )
    else if (count > 0 || code === 'frame_out_of_range')
      stream.session.report(code, `frame ${index} of the message is refused`, extra)
    else stream.session.refuse(code, `frame ${index} of the message is refused`, extra)
  }

  countRefused(reason: FrameErrorName, count = 1): void {
    this.#parts.metrics.framesRefused.inc({ reason }, count)
  }

  /** Forgets a stream whose connection is gone. Its frames still go out; its ack does not. */
  forget(stream: DriverStream): void {
    if (stream.waitingLast >= 0) this.#flushRegion(stream.region!)
    if (!stream.ackQueued) return
    stream.ackQueued = false
    this.#ackQueue = this.#ackQueue.filter(other => other !== stream)
  }

  /** Sends the last frames and acknowledgements, and stops the timers. */
  close(): void {
    this.flush()
    clearInterval(this.#ackTimer)
    this.#stopStatus()
    // The bus closes after this and delivers everything that it has taken.
    for (const stream of [...this.#ackQueue, ...this.#covered.map(one => one.stream)])
      if (stream.ackQueued) this.#sendAck(stream, stream.handed)
    this.#ackQueue = []
    this.#covered = []
  }
}

/**
 * True inside the box. Boxes are half open, as cells are: a point on an upper edge belongs to the
 * next region and takes the slow path there.
 */
function within(bounds: GeoBounds, latitude: number, longitude: number): boolean {
  return (
    latitude >= bounds.latitudeMin &&
    latitude < bounds.latitudeMax &&
    longitude >= bounds.longitudeMin &&
    longitude < bounds.longitudeMax
  )
}
