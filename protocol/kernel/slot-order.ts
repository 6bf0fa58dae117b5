/**
 * Events in the order of their slot, once each, for a consumer of `CADUCEUS_EVENTS` or of the bus. What
 * comes from there comes at least once, and what was not acknowledged in time comes again, behind its
 * successors when several were under way. The numbers of a slot have no gap, so all of that can be told
 * from them: a number that was handled is a repeat, and one beyond the next waits for its predecessors,
 * which are on their way.
 *
 * Rejected: `max_ack_pending: 1` alone. It keeps the order, at one round trip an event, and repeats come
 * all the same: whoever takes longer than `ack_wait` hears the event twice.
 */

export interface SlotEvent {
  slot: number
  seq: number
}

/** `E` is whatever the consumer handles, the message with its way to acknowledge included. */
export class SlotOrder<E extends SlotEvent> {
  readonly #done: Map<number, number>
  readonly #early = new Map<number, Map<number, E>>()
  #held = 0

  /** `done`: the last number that was handled, by slot, as the consumer has stored it; a slot that is not in it begins with what comes first. */
  constructor(done: Iterable<readonly [slot: number, seq: number]> = []) {
    this.#done = new Map(done)
  }

  /** The last number given out, by slot: store it with what was made of the event, and nothing is handled twice. */
  get done(): ReadonlyMap<number, number> {
    return this.#done
  }

  /** Events that wait for a predecessor; never more than the consumer's `max_ack_pending`, if those are not acknowledged. */
  get held(): number {
    return this.#held
  }

  /**
   * Takes an event as it came. `ready`: what may be handled now, in this order; acknowledge each when it is
   * done. `repeat`: it was given out before, acknowledge it and do nothing. Neither: it is kept until its
   * predecessors come; do not acknowledge it, or it is lost with this process.
   */
  take(event: E): { ready: E[]; repeat: boolean } {
    const { slot, seq } = event
    const done = this.#done.get(slot)
    if (done !== undefined && seq <= done) return { ready: [], repeat: true }
    if (done !== undefined && seq > done + 1) {
      this.#keep(event)
      return { ready: [], repeat: false }
    }
    const ready = [event]
    const early = this.#early.get(slot)
    for (let next = early?.get(seq + 1); next !== undefined; next = early!.get(next.seq + 1)) {
      ready.push(next)
      early!.delete(next.seq)
      this.#held--
    }
    if (early?.size === 0) this.#early.delete(slot)
    this.#done.set(slot, ready.at(-1)!.seq)
    return { ready, repeat: false }
  }

  /** The later of two copies: only that one can still be acknowledged. */
  #keep(event: E): void {
    let early = this.#early.get(event.slot)
    if (early === undefined) this.#early.set(event.slot, (early = new Map()))
    if (!early.has(event.seq)) this.#held++
    early.set(event.seq, event)
  }
}
