/**
 * The last positions of each device that the bus has taken, so that a phone that repeats one after
 * a lost answer costs no frame. The engine would drop the repeat too; an edge that restarted, or
 * another edge, leaves it to the engine.
 */
import { BoundedCache } from '../kernel/bounded-cache.ts'
import type { LocationFrame } from '../../protocol/river/frames.ts'
import { deviceLimits } from './limits.ts'

const nameOf = ({ timestampMs, latitude, longitude }: LocationFrame): string =>
  `${timestampMs} ${latitude} ${longitude}`

export class Replays {
  readonly #known: BoundedCache<Set<string>>

  constructor(nowMs: () => number) {
    this.#known = new BoundedCache(deviceLimits.replayDevicesMax, deviceLimits.replayMs, nowMs)
  }

  /** The frames that were not taken before, each once. */
  fresh(deviceId: string, frames: readonly LocationFrame[]): LocationFrame[] {
    const known = this.#known.get(deviceId)
    const here = new Set<string>()
    return frames.filter(frame => {
      const name = nameOf(frame)
      if (known?.has(name) === true || here.has(name)) return false
      here.add(name)
      return true
    })
  }

  /** Call it once the bus has the frames; a frame that was lost must come again. */
  note(deviceId: string, frames: readonly LocationFrame[]): void {
    const known = this.#known.get(deviceId) ?? new Set<string>()
    for (const frame of frames) known.add(nameOf(frame))
    for (const oldest of known) {
      if (known.size <= deviceLimits.replayPositionsPerDevice) break
      known.delete(oldest)
    }
    this.#known.set(deviceId, known)
  }
}
