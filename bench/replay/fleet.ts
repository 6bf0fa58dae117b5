/**
 * The recorded vehicles as drivers. Each streams its own positions as single binary frames,
 * numbered in the file's order and stamped with the recorded spacing, and follows their
 * acknowledgements.
 */
import { Connection } from '../../protocol/client/connection.ts'
import { readAck } from '../../protocol/client/outbox.ts'
import { encodeFrame } from '../../protocol/river/frames.ts'
import type { Person } from '../rigs/people.ts'
import type { TracePoint } from './data.ts'

/** Times of sending of a driver's last frames, by device time, to match a tracker's messages. */
const rememberedMax = 256

type Received = { type: string } & Record<string, unknown>

export class Cab {
  readonly person: Person
  readonly #connection: Connection<Received>
  readonly #sentAtMs = new Map<number, number>()
  #ready: Promise<void>
  /** Number of frames put on the socket. Frame numbers begin with 1. */
  sent = 0
  /** Highest number that the edge acknowledged. */
  acknowledged = 0
  /** Positions that no frame can carry. The encoder refuses them as the edge would. */
  unencodable = 0
  /** Frames that were due while the driver was not connected. */
  unsent = 0
  errors = 0

  constructor(person: Person) {
    this.person = person
    this.#connection = new Connection<Received>('/ws/driver', person.connect)
    this.#ready = new Promise((resolve, reject) => {
      const done = this.#connection.on('open', () => {
        done()
        resolve()
      })
      this.#connection.on('closed', ({ code, reason, final }) => {
        if (final) reject(new Error(`driver's socket closed with ${code}: ${reason}`))
      })
    })
    this.#ready.catch(() => undefined)
    this.#connection.on('binary', bytes => {
      const seq = readAck(bytes)
      if (seq !== null) this.acknowledged = Math.max(this.acknowledged, seq)
    })
    this.#connection.on('message', message => {
      if (message.type === 'error') this.errors++
    })
  }

  async goToWork(): Promise<void> {
    await this.#ready
    const answer = await this.#connection.request<Received>({ type: 'status', status: 'available' })
    if (answer['outcome'] !== 'changed')
      throw new Error(`a driver cannot go to work: ${JSON.stringify(answer)}`)
  }

  /** `timestampMs`: the device time of the frame. */
  send(point: TracePoint, timestampMs: number): void {
    let bytes: Uint8Array
    try {
      bytes = encodeFrame({
        seq: this.sent + 1,
        timestampMs,
        latitude: point.latitude,
        longitude: point.longitude,
        headingDeg: null,
        speedMps: null,
        accuracyM: null,
      })
    } catch {
      this.unencodable++
      return
    }
    if (!this.#connection.sendRaw(bytes as Uint8Array<ArrayBuffer>)) {
      this.unsent++
      return
    }
    this.sent++
    // Of two frames with one device time the first one moves the pin.
    if (!this.#sentAtMs.has(timestampMs)) this.#sentAtMs.set(timestampMs, performance.now())
    if (this.#sentAtMs.size > rememberedMax)
      for (const oldest of this.#sentAtMs.keys()) {
        this.#sentAtMs.delete(oldest)
        break
      }
  }

  /** When the frame of that device time was sent, by performance.now(). */
  sentAt(timestampMs: number): number | undefined {
    return this.#sentAtMs.get(timestampMs)
  }

  close(): void {
    this.#connection.close()
  }
}

/**
 * Device time for a recorded time. The recorded spacing is kept, because the policy judges speeds
 * by it. The last stamp of the run is its end, so that no stamp is ever in the future.
 */
export function stamper(
  window: { firstTs: number; lastTs: number },
  startMs: number,
  speed: number,
): (ts: number) => number {
  const lengthMs = (window.lastTs - window.firstTs) * 1_000
  const baseMs = Math.floor(startMs + lengthMs / speed - lengthMs)
  return ts => baseMs + Math.round((ts - window.firstTs) * 1_000)
}
