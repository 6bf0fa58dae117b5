/**
 * Records the actions of the simulated customers, pharmacies and drivers: their orders, their
 * commands, the data of the pharmacies, and the positions of devices. The simulator's witness
 * compares the journal with this record.
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
/** A customer's order or request as it was sent. */
export interface Asked {
  verb: 'broadcast' | 'create'
  customerId: string
  body: Record<string, unknown> & { items: unknown[]; fee?: FeeTerms }
}
/** A command as it was sent. `id` is the id of the sender. */
export interface Command {
  verb: string
  role: string
  id: string
  data: Record<string, unknown>
}
/** A position that a device reported. `genuine`: its true place, not one that a fault made. */
export interface Frame extends Point {
  atMs: number
  genuine: boolean
}
/** The data of a pharmacy from this time on. */
interface PharmacyState {
  fromMs: number
  pharmacy: DirectoryPharmacy
}
/** Notes a violation of a rule by an actor. */
export type Fail = (rule: string, what: string, actorId: string) => void

/** Distance beyond the fence for a position that was rounded on its way, km. */
export const fenceSlackKm = 0.005
/**
 * Time for which frames are remembered, ms. An engine may read a position that another engine
 * stored long before.
 */
export const frameMemoryMs = 20 * 60_000
/** A change of a pharmacy reaches every engine within this time, when the database answers. */
const directoryMs = 2 * limits.pharmacyPollMs

/** The record of a simulation so far. */
export class Evidence {
  readonly #asked = new Map<string, Asked>()
  readonly #commands = new Map<string, Command[]>()
  readonly #pharmacies = new Map<string, PharmacyState[]>()
  readonly #frames = new Map<string, Frame[]>()
  /**
   * The time since which the database answers, ms. From then on engines must know changes that are
   * old enough. Infinity while the database may be down.
   */
  calmSinceMs = Infinity

  /** A customer sent an order or a request. */
  asked(orderId: string, asked: Asked): void {
    this.#asked.set(orderId, asked)
  }
  /** A command was sent, whatever its result. */
  commanded(actorId: string, command: Command): void {
    const given = this.#commands.get(actorId)
    if (given === undefined) this.#commands.set(actorId, [command])
    else given.push(command)
  }
  /** A pharmacy has this data from this time on. */
  pharmacyIs(pharmacy: DirectoryPharmacy, fromMs: number): void {
    const states = this.#pharmacies.get(pharmacy.vendor_id) ?? []
    states.push({ fromMs, pharmacy })
    this.#pharmacies.set(pharmacy.vendor_id, states)
  }
  /** The device of a driver reported a position. */
  framed(driverId: string, frame: Frame): void {
    let frames = this.#frames.get(driverId)
    if (frames === undefined) this.#frames.set(driverId, (frames = []))
    frames.push(frame)
    if (frame.genuine) while (frames[0]!.atMs < frame.atMs - frameMemoryMs) frames.shift()
  }

  /** Did the device of this driver report this place at this time? */
  wasAt(driverId: string, atMs: number, place: Point): boolean {
    return (this.#frames.get(driverId) ?? []).some(
      frame => frame.atMs === atMs && crowKm(frame, place) < fenceSlackKm,
    )
  }

  /** The commands of one verb that were given to an actor. */
  given(actorId: string, verb: string): Command[] {
    return (this.#commands.get(actorId) ?? []).filter(command => command.verb === verb)
  }

  /** The last frames of a driver's device, oldest first. */
  framesOf(driverId: string): readonly Frame[] {
    return this.#frames.get(driverId) ?? []
  }
  /** The order as its customer sent it; undefined when no customer sent it. */
  wishOf(orderId: string): Asked | undefined {
    return this.#asked.get(orderId)
  }
  /** The ids of all pharmacies that ever existed. */
  pharmacyIds(): IterableIterator<string> {
    return this.#pharmacies.keys()
  }

  /**
   * The data of a pharmacy that engines may know at this time: that of the last seconds, or all of
   * it while the database may be down.
   */
  known(pharmacyId: string, atMs: number): DirectoryPharmacy[] {
    const states = this.#pharmacies.get(pharmacyId) ?? []
    const sinceMs = atMs - directoryMs > this.calmSinceMs ? atMs - directoryMs : -Infinity
    return states
      .filter((_, i) => (states[i + 1]?.fromMs ?? Infinity) > sinceMs)
      .map(state => state.pharmacy)
  }
}
