/**
 * The figures of each device: when it was heard last, how many of its positions were taken, and how
 * many of them were simulated. They are counted in memory and written at most once a minute for a
 * device, because a position alone must cause no write. An edge that is killed loses a minute of
 * the figures.
 */
import { sql } from 'kysely'
import type { Kernel } from '../kernel/kernel.ts'
import { deviceLimits } from './limits.ts'

export interface Heard {
  protocol: string
  taken: number
  simulated: number
  batteryPercent: number | null
}

interface Figures extends Heard {
  heardAtMs: number
  simulatedAtMs: number | null
  /** Nothing was heard since the last write. */
  written: boolean
  writtenAtMs: number
}

type Parts = Pick<Kernel, 'database' | 'log' | 'nowMs' | 'after'>

export class DeviceRecords {
  readonly #parts: Parts
  readonly #figures = new Map<string, Figures>()
  /** Writes under way. */
  readonly #writes = new Set<Promise<void>>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Notes one request of a device; the write happens in the background. */
  note(deviceId: string, { protocol, taken, simulated, batteryPercent }: Heard): void {
    const nowMs = this.#parts.nowMs()
    const before = this.#figures.get(deviceId)
    const figures: Figures = {
      protocol,
      taken: (before?.taken ?? 0) + taken,
      simulated: (before?.simulated ?? 0) + simulated,
      batteryPercent: batteryPercent ?? before?.batteryPercent ?? null,
      heardAtMs: nowMs,
      simulatedAtMs: simulated > 0 ? nowMs : (before?.simulatedAtMs ?? null),
      written: false,
      writtenAtMs: before?.writtenAtMs ?? -Infinity,
    }
    this.#figures.set(deviceId, figures)
    if (nowMs - figures.writtenAtMs >= deviceLimits.recordIntervalMs) this.#write(deviceId, figures)
  }

  /** Writes all figures from time to time. Returns the function that stops it. */
  start(): () => void {
    let cancel = (): void => {}
    const next = (): void => {
      cancel = this.#parts.after(deviceLimits.flushIntervalMs, () => {
        next()
        void this.flush()
      })
    }
    next()
    return () => cancel()
  }

  /** Writes all figures, and forgets the devices that were not heard for a while. */
  async flush(): Promise<void> {
    const nowMs = this.#parts.nowMs()
    for (const [deviceId, figures] of this.#figures)
      if (!figures.written) this.#write(deviceId, figures)
      else if (nowMs - figures.heardAtMs >= deviceLimits.recordIntervalMs)
        this.#figures.delete(deviceId)
    await Promise.all(this.#writes)
  }

  #write(deviceId: string, figures: Figures): void {
    this.#figures.set(deviceId, {
      ...figures,
      taken: 0,
      simulated: 0,
      written: true,
      writtenAtMs: this.#parts.nowMs(),
    })
    const write = this.#save(deviceId, figures)
      .catch((error: unknown) =>
        this.#parts.log.warn(
          { err: error, device_id: deviceId },
          'the figures of a device could not be written',
        ),
      )
      .finally(() => this.#writes.delete(write))
    this.#writes.add(write)
  }

  async #save(deviceId: string, figures: Figures): Promise<void> {
    const { protocol, taken, simulated, batteryPercent, heardAtMs, simulatedAtMs } = figures
    await this.#parts.database.kysely
      .updateTable('driver_devices')
      .set({
        last_seen_at: new Date(heardAtMs),
        last_protocol: protocol,
        positions_count: sql<number>`positions_count + ${taken}`,
        simulated_count: sql<number>`simulated_count + ${simulated}`,
        ...(batteryPercent !== null && { battery_percent: batteryPercent }),
        ...(simulatedAtMs !== null && { last_simulated_at: new Date(simulatedAtMs) }),
      })
      .where('id', '=', deviceId)
      .execute()
  }
}
