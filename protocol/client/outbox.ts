/**
 * A driver's frames until the edge has acknowledged them: bounded, in order, and sent again when an
 * acknowledgement stays out. Plain data; the driver client adds a connection and a clock.
 *
 * It goes back to the oldest unacknowledged frame and does not resend single frames, because the
 * edge acknowledges "everything up to n" only to a sender that continues in order
 * (edge/river/ingest.ts explains it).
 */
import type { LocationFrame } from '../river/frames.ts'
import { limits } from '../kernel/limits.ts'
import { clientLimits } from './limits.ts'

export class Outbox {
  /** Frames, oldest first. The first `sent` of them are under way. */
  #frames: LocationFrame[] = []
  #sent = 0
  /** Number of frames given up because the buffer was full. The oldest go first. */
  evicted = 0
  readonly framesMax: number

  constructor(framesMax: number = clientLimits.bufferFramesMax) {
    this.framesMax = framesMax
  }

  get length(): number {
    return this.#frames.length
  }
  get inFlight(): number {
    return this.#sent
  }
  /** Frames that have not been acknowledged, to be stored when the app restarts. */
  get frames(): readonly LocationFrame[] {
    return this.#frames
  }

  push(frame: LocationFrame): void {
    this.#frames.push(frame)
    if (this.#frames.length <= this.framesMax) return
    this.#frames.shift()
    this.evicted++
    if (this.#sent > 0) this.#sent--
  }

  /**
   * The next frames to send, at most one message of them; they then count as sent. Empty when there
   * is nothing to send now.
   */
  take(): LocationFrame[] {
    const count = Math.min(
      limits.framesPerMessageMax,
      clientLimits.framesInFlightMax - this.#sent,
      this.#frames.length - this.#sent,
    )
    if (count <= 0) return []
    const batch = this.#frames.slice(this.#sent, this.#sent + count)
    this.#sent += count
    return batch
  }

  /** Forgets sent frames up to a number. True when there were any. */
  acknowledge(seq: number): boolean {
    let count = 0
    while (count < this.#sent && this.#frames[count]!.seq <= seq) count++
    if (count === 0) return false
    this.#frames.splice(0, count)
    this.#sent -= count
    return true
  }

  /** Marks all unacknowledged frames to be sent again. */
  rewind(): void {
    this.#sent = 0
  }

  /** Corrects frames that lie in the server's future by the error of the device's clock. */
  correctFuture(serverNowMs: number, aheadMs: number): void {
    this.#frames = this.#frames.map(frame =>
      frame.timestampMs > serverNowMs
        ? { ...frame, timestampMs: Math.min(serverNowMs, Math.max(0, frame.timestampMs - aheadMs)) }
        : frame,
    )
  }
}

/** The number of a msgpack `["ack", n]`; null for other bytes. */
export function readAck(bytes: Uint8Array): number | null {
  const head = [0x92, 0xa3, 0x61, 0x63, 0x6b]
  if (bytes.length < 6 || head.some((byte, index) => bytes[index] !== byte)) return null
  const type = bytes[5]!
  if (type <= 0x7f) return bytes.length === 6 ? type : null
  const width = type === 0xcc ? 1 : type === 0xcd ? 2 : type === 0xce ? 4 : 0
  if (width === 0 || bytes.length !== 6 + width) return null
  let seq = 0
  for (let index = 6; index < bytes.length; index++) seq = seq * 256 + bytes[index]!
  return seq
}
