/**
 * Positions of devices enter the river as frames of our own sockets do: through ingest, in its
 * batches. Each request stands for a connection of its own, so that the acknowledgement of ingest,
 * which says that the bus has the frames, becomes the answer to the phone. A phone that hears 503
 * keeps its positions and sends them again.
 *
 * A frame's number is the time of its position in tenths of a second, modulo 2^32. So a replay has
 * the number that it had, at every edge and after every restart, and the engine's late-data policy
 * sees it as the same frame. Rejected: a counter in memory, which two edges would count apart, and
 * one in the database, which would cost a write for each position.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { checkFrame, type LocationFrame } from '../../protocol/river/frames.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { DriverStream, Ingest } from '../river/ingest.ts'
import type { Fix } from './fix.ts'
import { deviceLimits } from './limits.ts'

const tenthsMs = 100

/** The frame of a position; a position without a time gets that of its arrival. */
export function frameOf(fix: Fix, nowMs: number): LocationFrame {
  const { latitude, longitude, headingDeg, speedMps, accuracyM } = fix
  const timestampMs = fix.atMs ?? nowMs
  return {
    seq: Math.floor(timestampMs / tenthsMs) % 2 ** 32,
    timestampMs,
    latitude,
    longitude,
    headingDeg,
    speedMps,
    accuracyM,
  }
}

/** Null for a frame that the river takes. */
export function refusalOf(frame: LocationFrame, nowMs: number): 'future' | 'out_of_range' | null {
  const code = checkFrame(frame, nowMs)
  return code === null ? null : code === 'frame_in_future' ? 'future' : 'out_of_range'
}

type Parts = Pick<Kernel, 'bus' | 'metrics' | 'log' | 'nowMs' | 'after'>

export class DeviceRiver {
  readonly #ingest: Ingest
  readonly #after: Kernel['after']

  constructor(parts: Parts) {
    this.#ingest = new Ingest(parts)
    this.#after = parts.after
  }

  /**
   * Resolves when the bus has all frames, which must pass `refusalOf`. Throws `unavailable` when it
   * has not taken them; some may have arrived, and the engine knows them when they come again.
   */
  hand(driverId: string, frames: readonly LocationFrame[]): Promise<void> {
    const last = Math.max(...frames.map(frame => frame.seq))
    return new Promise<void>((resolve, reject) => {
      const end = (settle: () => void): void => {
        cancel()
        this.#ingest.forget(stream)
        settle()
      }
      const refuse = (): void =>
        end(() => reject(new CaduceusError('unavailable', 'positions cannot be taken now')))
      const cancel = this.#after(deviceLimits.handoverMsMax, refuse)
      const stream = new DriverStream(
        {
          sendText(text) {
            if ((JSON.parse(String(text)) as { seq: number }).seq >= last) end(resolve)
            return true
          },
          sendBinary: () => true,
          report: refuse,
          refuse,
        },
        driverId,
      )
      for (let from = 0; from < frames.length; from += limits.framesPerMessageMax)
        this.#ingest.takeFrames(stream, frames.slice(from, from + limits.framesPerMessageMax), -1)
    })
  }

  close(): void {
    this.#ingest.close()
  }
}
