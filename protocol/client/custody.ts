/** Custody for programs: `api.custody`. */
import type { KineticVerdict } from '../custody/temperatures.ts'

export interface Custodian {
  role: 'vendor' | 'driver' | 'customer'
  /** Null where the reader may not know it. */
  id: string | null
}
export interface CustodyStep {
  kind: string
  at: string
  by: { role: string; id: string | null; id_sha256?: string } | null
  custodian_before: Custodian | null
  custodian_after: Custodian
  place: {
    latitude: number
    longitude: number
    source: 'vendor' | 'driver'
    at: string
  } | null
  proofs: { kind: 'photo' | 'signature'; upload_id: string; sha256: string | null }[]
  facts: Record<string, unknown>
}
export interface Custody {
  order_id: string
  custodian: Custodian | null
  /** `step` is null when it was erased. */
  entries: { number: number; leaf: number; logged_at: string; step: CustodyStep | null }[]
}
export interface MeasuredTemperatures {
  summary: {
    devices: { device: string; calibrated_on: string }[]
    readings: number
    from: string
    to: string
    min_celsius: number
    max_celsius: number
    /** The mean kinetic temperature, °C. */
    kinetic_celsius: number | null
    /** Of an excursion; null without one. */
    verdict: KineticVerdict | null
  } | null
  series: {
    device: string
    calibrated_on: string
    readings: { at: string; celsius: number }[]
  }[]
}
interface Checkpoints {
  log_key: string | null
  witness_keys: string[]
  checkpoints: { size: number; note: string; signed_at: string }[]
  next_cursor: string | null
}

type Call = <Answer>(
  method: 'GET',
  path: string,
  options?: { query?: Record<string, string | number | undefined> },
) => Promise<Answer>

/** The calls about who had a parcel when. */
export class CustodyCalls {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** The chain of an order. Throws `order_not_found`. */
  of(orderId: string): Promise<Custody> {
    return this.#call('GET', `/api/orders/${orderId}/custody`)
  }
  /** What thermometers measured on the way of the parcel. Throws `order_not_found`. */
  temperatures(orderId: string): Promise<MeasuredTemperatures> {
    return this.#call('GET', `/api/orders/${orderId}/custody/temperatures`)
  }
  /** The signed checkpoints of the log, newest first. */
  checkpoints(query: { limit?: number; cursor?: string } = {}): Promise<Checkpoints> {
    return this.#call('GET', '/api/custody/checkpoints', { query })
  }
}
