/**
 * What people of a simulation did: what they ordered and answered, which commands they gave, what their pharmacies
 * are, and where drivers were. The simulator's witness holds the journal against it.
 */
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { crowKm, type Point } from './model/money.ts'

export interface FeeTerms {
  quote_id: string
  vendor_id: string | null
  fee_minor: number
  distance_km: number
}
/** A customer's order as it was sent. */
export interface Asked {
  verb: 'broadcast' | 'create'
  customerId: string
  body: Record<string, unknown> & { items: unknown[]; fee?: FeeTerms }
}
export interface Command {
  verb: string
  role: string
  id: string
  data: Record<string, unknown>
}
/** `genuine`: where the device was, and not what a fault made of it. */
export interface Frame extends Point {
  atMs: number
  genuine: boolean
}
interface PharmacyState {
  fromMs: number
  vendor: DirectoryPharmacy
}
export type Fail = (rule: string, what: string, actorId: string) => void

/** Beyond the fence, for a position that was rounded on its way. */
export const fenceSlackKm = 0.005
/** A frame may have been stored by one engine and read by another. */
export const frameMemoryMs = 20 * 60_000
/** A pharmacy's change reaches every engine by then, when the database answers. */
const directoryMs = 2 * limits.pharmacyPollMs

export class Evidence {
  readonly #asked = new Map<string, Asked>()
  readonly #commands = new Map<string, Command[]>()
  readonly #vendors = new Map<string, PharmacyState[]>()
  readonly #frames = new Map<string, Frame[]>()
  /** From then on engines must know what was changed long enough ago; Infinity while the database may be away. */
  calmSinceMs = Infinity

  asked(orderId: string, asked: Asked): void {
    this.#asked.set(orderId, asked)
  }
  /** Sent, whatever became of it. */
  commanded(actorId: string, command: Command): void {
    const given = this.#commands.get(actorId)
    if (given === undefined) this.#commands.set(actorId, [command])
    else given.push(command)
  }
  pharmacyIs(vendor: DirectoryPharmacy, fromMs: number): void {
    const states = this.#vendors.get(vendor.vendor_id) ?? []
    states.push({ fromMs, vendor })
    this.#vendors.set(vendor.vendor_id, states)
  }
  framed(driverId: string, frame: Frame): void {
    let frames = this.#frames.get(driverId)
    if (frames === undefined) this.#frames.set(driverId, (frames = []))
    frames.push(frame)
    if (frame.genuine) while (frames[0]!.atMs < frame.atMs - frameMemoryMs) frames.shift()
  }

  /** The device of this driver said so: that time, that place. */
  wasAt(driverId: string, atMs: number, place: Point): boolean {
    return (this.#frames.get(driverId) ?? []).some(
      frame => frame.atMs === atMs && crowKm(frame, place) < fenceSlackKm,
    )
  }

  /** The commands of one verb that were given to an actor. */
  given(actorId: string, verb: string): Command[] {
    return (this.#commands.get(actorId) ?? []).filter(command => command.verb === verb)
  }

  /** What the device of a driver said lately, oldest first. */
  framesOf(driverId: string): readonly Frame[] {
    return this.#frames.get(driverId) ?? []
  }
  /** A customer's order as it was sent; undefined for one that nobody sent. */
  wishOf(orderId: string): Asked | undefined {
    return this.#asked.get(orderId)
  }
  /** The ids of all pharmacies that there ever were. */
  vendorIds(): IterableIterator<string> {
    return this.#vendors.keys()
  }

  /** The pharmacy as engines may know it: by its changes of the last seconds, or while the database may be away by any. */
  known(vendorId: string, atMs: number): DirectoryPharmacy[] {
    const states = this.#vendors.get(vendorId) ?? []
    const sinceMs = atMs - directoryMs > this.calmSinceMs ? atMs - directoryMs : -Infinity
    return states
      .filter((_, i) => (states[i + 1]?.fromMs ?? Infinity) > sinceMs)
      .map(state => state.vendor)
  }
}
