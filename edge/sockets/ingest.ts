/**
 * Locations from drivers' sockets to the bus: the hottest path of the edge. Frames are checked where
 * they lie, copied verbatim into one batch per region, and each batch is one message on
 * `location.<geohash3>`, every limits.locationFlushMs or when it is full. Nothing is allocated per
 * frame; the region of a frame is the one of the frame before it, unless it lies outside its box.
 *
 * Acknowledgement. `ack n` says that every frame up to n which this connection has sent was handed to
 * the bus, or was refused with an `error`. When the bus does not take a batch, its frames are gone, and
 * the ack stays below the first of them until that frame (or one before it) is sent again; from there
 * the sender continues in order, so `n` is true again. A sender that no longer has that frame begins
 * anew by connecting anew. A loss is told at once, and again every second that it goes on, by an `error`
 * of code `unavailable` with the first `seq` to send again; live frames are still taken meanwhile,
 * because the pin must move.
 *
 * Rejected: keeping frames here until the bus is back. The apps keep them anyway, and ten thousand
 * drivers' hours of silence do not fit an edge.
 */
import type { EdgeContext } from '../context.ts'
import { encodeFrames, frameErrorName, FrameReader, type FrameErrorName, type LocationFrame } from '../../protocol/frames.ts'
import { decodeGeohash, encodeGeohash, type GeoBounds } from '../../protocol/geo.ts'
import { limits } from '../../protocol/limits.ts'
import { entryHead, LocationBatch } from '../../protocol/location-batch.ts'
import { subjects } from '../../protocol/subjects.ts'
import type { Session } from './session.ts'

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
  acknowledged = -1
  acknowledgedAtMs = -Infinity
  ackQueued = false
  lossToldAtMs = -Infinity
  /** Highest number received, for clients that leave numbering to the edge. */
  highest = -1

  constructor(session: Session, driverId: string) {
    this.session = session
    this.head = entryHead(driverId)
  }
}

interface Region { subject: string; bounds: GeoBounds; batch: LocationBatch; streams: DriverStream[] }

type Parts = Pick<EdgeContext, 'bus' | 'metrics' | 'nowMs'>

export class Ingest {
  readonly #parts: Parts
  readonly #reader = new FrameReader()
  readonly #regions = new Map<string, Region>()
  /** Regions whose batch is not empty. */
  #dirty: Region[] = []
  #flushTimer: NodeJS.Timeout | null = null
  /** When batches were begun or handed over last. */
  #nowMs = 0
  /** Streams with something to acknowledge whose second is not over. */
  #ackQueue: DriverStream[] = []
  readonly #ackTimer: NodeJS.Timeout
  readonly #ackBytes = Uint8Array.of(0x92, 0xa3, 0x61, 0x63, 0x6b, 0xce, 0, 0, 0, 0)
  readonly #flush = (): void => this.flush()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#ackTimer = setInterval(() => this.#sendDueAcks(), limits.locationAckIntervalMs / 4)
    this.#ackTimer.unref()
  }

  /** A binary message: one frame or an array of them. The bytes are not kept. */
  takeBinary(stream: DriverStream, bytes: Uint8Array): void {
    stream.binary = true
    const count = this.#reader.read(bytes, this.#clockMs())
    if (count < 0) this.#refuseBinary(stream, count)
    else this.#take(stream, count)
  }

  /** Frames that came as text and were checked. */
  takeFrames(stream: DriverStream, frames: readonly LocationFrame[]): void {
    stream.binary = false
    this.#take(stream, this.#reader.read(encodeFrames(frames), Infinity))
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
      if (region === null || !within(region.bounds, latitude[from]!, longitude[from]!)) region = this.#move(stream, latitude[from]!, longitude[from]!)
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
    return stream.region = this.#regionAt(latitude, longitude)
  }

  /** Frames `from` to `to` of the reader, all of one region, into its batch, and what does not fit into the next. */
  #append(stream: DriverStream, region: Region, from: number, to: number): void {
    const { seq } = this.#reader
    const { batch } = region
    for (let index = from;;) {
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
      region = { subject: subjects.location(geohash), bounds: decodeGeohash(geohash)!, batch: new LocationBatch(), streams: [] }
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
    const nowMs = this.#nowMs = this.#parts.nowMs()
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
    if (stream.ackQueued || stream.handed === stream.acknowledged) return
    if (nowMs - stream.acknowledgedAtMs >= limits.locationAckIntervalMs) this.#sendAck(stream, nowMs)
    else {
      stream.ackQueued = true
      this.#ackQueue.push(stream)
    }
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
    stream.session.report('unavailable', 'locations cannot be taken now; send them again from seq', { seq: stream.missing })
  }

  #sendDueAcks(): void {
    if (this.#ackQueue.length === 0) return
    const nowMs = this.#parts.nowMs()
    const queue = this.#ackQueue
    this.#ackQueue = []
    for (const stream of queue)
      if (nowMs - stream.acknowledgedAtMs >= limits.locationAckIntervalMs) this.#sendAck(stream, nowMs)
      else this.#ackQueue.push(stream)
  }

  #sendAck(stream: DriverStream, nowMs: number): void {
    stream.ackQueued = false
    stream.acknowledged = stream.handed
    stream.acknowledgedAtMs = nowMs
    if (!stream.binary) {
      stream.session.sendText(`{"type":"ack","seq":${stream.handed}}`)
      return
    }
    const bytes = this.#ackBytes
    bytes[6] = stream.handed >>> 24
    bytes[7] = stream.handed >>> 16
    bytes[8] = stream.handed >>> 8
    bytes[9] = stream.handed
    stream.session.sendBinary(bytes)
  }

  /** A message that the reader refused is refused whole. A clock ahead of ours is not the app's malformation. */
  #refuseBinary(stream: DriverStream, error: number): void {
    const code = frameErrorName(error)
    const index = this.#reader.refusedIndex
    this.countRefused(code)
    if (code === 'frame_in_future')
      stream.session.report(code, `frame ${index} is more than ${limits.frameFutureMsMax / 1000} s ahead of this server's clock`, {
        seq: this.#reader.seq[index]!, server_time_ms: this.#parts.nowMs(),
      })
    else stream.session.refuse(code, `frame ${index} of the message is refused, and the message with it`, { index })
  }

  countRefused(reason: FrameErrorName): void { this.#parts.metrics.framesRefused.inc({ reason }) }

  /** The connection is gone. What it sent still goes out; its ack does not. */
  forget(stream: DriverStream): void {
    if (stream.waitingLast >= 0) this.#flushRegion(stream.region!)
    if (stream.ackQueued) this.#ackQueue = this.#ackQueue.filter(other => other !== stream)
  }

  /** The last frames and acknowledgements go out, and timers end. */
  close(): void {
    this.flush()
    clearInterval(this.#ackTimer)
    const nowMs = this.#parts.nowMs()
    for (const stream of this.#ackQueue) this.#sendAck(stream, nowMs)
    this.#ackQueue = []
  }
}

/** Half open, as cells are: the point on an upper edge belongs to the next region, and takes the slow way there. */
function within(bounds: GeoBounds, latitude: number, longitude: number): boolean {
  return latitude >= bounds.latitudeMin && latitude < bounds.latitudeMax && longitude >= bounds.longitudeMin && longitude < bounds.longitudeMax
}
