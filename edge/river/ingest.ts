/**
 * Locations from drivers' sockets to the bus: the hottest path of the edge. Frames are checked where
 * they lie, copied verbatim into one batch per region, and each batch is one message on
 * `location.<geohash3>`, every limits.locationFlushMs or when it is full. Nothing is allocated per
 * frame; the region of a frame is the one of the frame before it, unless it lies outside its box.
 *
 * Acknowledgement. `ack n` says that every frame up to n which this connection has sent has reached the
 * bus (a round trip behind it was answered), or was refused with an `error`. When the bus does not take a
 * batch, or loses its connection before the round trip is over, its frames are gone, and the ack stays below the first of them until that frame (or one before it) is sent again; from there
 * the sender continues in order, so `n` is true again. A sender that no longer has that frame begins
 * anew by connecting anew. A loss is told at once, and again every second that it goes on, by an `error`
 * of code `unavailable` with the first `seq` to send again; live frames are still taken meanwhile,
 * because the pin must move.
 *
 * Rejected: keeping frames here until the bus is back. The apps keep them anyway, and ten thousand
 * drivers' hours of silence do not fit an edge.
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

/** One driver's connection, as the river sees it. */
export class DriverStream {
  readonly session: Session
  /** What stands before each of its frames on the bus. */
  readonly head: Int32Array
  /** Whose frames are acknowledged in msgpack: the client that sent bytes. */
  binary = false
  /** Region of the last frame; the frames not yet handed over lie in this batch and in no other. */
  region: Region | null = null
  /** Lowest and last number among those frames; -1 when there are none. */
  waitingLowest = -1
  waitingLast = -1
  /** First frame that the bus did not take, -1 when none is missing. */
  missing = -1
  /** Up to here everything was handed over, and what of it the client was told. */
  handed = -1
  /** Lowest number handed over behind the round trip that is on its way, and in front of it; -1 for none. */
  behind = -1
  before = -1
  acknowledged = -1
  acknowledgedAtMs = -Infinity
  /** Something of it waits for its acknowledgement, in the queue or with the round trip. */
  ackQueued = false
  lossToldAtMs = -Infinity
  /** Highest number received, for clients that leave numbering to the edge. */
  highest = -1

  constructor(session: Session, driverId: string) {
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
  /** When batches were begun or handed over last. */
  #nowMs = 0
  /** Streams with something to acknowledge whose second is not over, or who wait for a round trip. */
  #ackQueue: DriverStream[] = []
  /** Those whom the round trip on its way is for, each with the number it will be told. */
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

  /** A binary message: one frame or an array of them. The bytes are not kept. */
  takeBinary(stream: DriverStream, bytes: Uint8Array): void {
    stream.binary = true
    const count = this.#reader.read(bytes, this.#clockMs())
    if (count > 0) this.#take(stream, count)
    if (this.#reader.refused === 0) return
    this.#pass(stream, this.#reader.refusedSeqLast)
    this.#refuseBinary(stream, count)
  }

  /** Frames that came as text and were checked. */
  takeFrames(stream: DriverStream, frames: readonly LocationFrame[], refusedSeqLast: number): void {
    stream.binary = false
    if (frames.length > 0) this.#take(stream, this.#reader.read(encodeFrames(frames), Infinity))
    this.#pass(stream, refusedSeqLast)
  }

  /**
   * Frames up to that number were refused for good: they are acknowledged with what was handed over, or the app would send
   * them again for ever. -1 for none.
   */
  #pass(stream: DriverStream, seq: number): void {
    if (seq < 0 || !this.#parts.bus.connected) return
    if (seq > stream.highest) stream.highest = seq
    if (stream.waitingLast < 0) this.#settle(stream, seq, seq, this.#parts.nowMs())
    else if (seq > stream.waitingLast) stream.waitingLast = seq
  }

  /**
   * The clock, read once a flush and not once a message: it only bounds how far ahead of us a device may
   * be, which is half a minute, and reading it costs as much as decoding a frame.
   */
  #clockMs(): number {
    if (this.#flushTimer === null) this.#nowMs = this.#parts.nowMs()
    return this.#nowMs
  }

  /** Copies the frames that the reader holds into the batch of their region. */
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
    // A stream waits in one batch only, so that its frames stay in order and its ack is about one fate.
    if (stream.waitingLast >= 0) this.#flushRegion(stream.region!)
    return (stream.region = this.#regionAt(latitude, longitude))
  }

  /** Frames `from` to `to` of the reader, all of one region, into its batch, and what does not fit into the next. */
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

  /** A frame of the stream waits in the region's batch. */
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
      // Streams keep the region they are in; forgetting the map only means that a batch is made again.
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

  /** Everything gathered goes to the bus. */
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

  /** One round trip behind everything that was handed over; then the acknowledgements that are due. */
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
    // A disconnection has told them all already.
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

  /** What was handed over and not confirmed may be gone with the connection: the app is asked for it again. */
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

  /** `count`: frames of the message that were taken; a negative code for none. Only a message that nobody can read is malformed. */
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

  /** The connection is gone. What it sent still goes out; its ack does not. */
  forget(stream: DriverStream): void {
    if (stream.waitingLast >= 0) this.#flushRegion(stream.region!)
    if (!stream.ackQueued) return
    stream.ackQueued = false
    this.#ackQueue = this.#ackQueue.filter(other => other !== stream)
  }

  /** The last frames and acknowledgements go out, and timers end. */
  close(): void {
    this.flush()
    clearInterval(this.#ackTimer)
    this.#stopStatus()
    // The bus is closed after this, and closing it delivers what it has taken.
    for (const stream of [...this.#ackQueue, ...this.#covered.map(one => one.stream)])
      if (stream.ackQueued) this.#sendAck(stream, stream.handed)
    this.#ackQueue = []
    this.#covered = []
  }
}

/** Half open, as cells are: the point on an upper edge belongs to the next region, and takes the slow way there. */
function within(bounds: GeoBounds, latitude: number, longitude: number): boolean {
  return (
    latitude >= bounds.latitudeMin &&
    latitude < bounds.latitudeMax &&
    longitude >= bounds.longitudeMin &&
    longitude < bounds.longitudeMax
  )
}
