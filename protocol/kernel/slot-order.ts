/**
 * Puts events in the order of their slot, each once, for a consumer of `CADUCEUS_EVENTS` or of the
 * bus. Events arrive at least once. An event that was not acknowledged in time arrives again,
 * possibly after its successors. The numbers of a slot have no gap, so they decide: a handled
 * number is a repeat, and a number beyond the next one waits for its predecessors, which will still
 * arrive.
 *
 * Rejected: `max_ack_pending: 1` alone. It keeps the order at one round trip per event, and repeats
 * still arrive: a consumer that takes longer than `ack_wait` gets the event twice.
 */

export interface SlotEvent {
  slot: number
  seq: number
}

/** `E` is the message that the consumer handles, together with its acknowledge function. */
export class SlotOrder<E extends SlotEvent> {
  readonly #done: Map<number, number>
  readonly #early = new Map<number, Map<number, E>>()
  #held = 0

  /**
   * `done`: the number of the last handled event by slot, as the consumer has stored it. A slot
   * that is missing in it begins with the first event that arrives.
   */
  constructor(done: Iterable<readonly [slot: number, seq: number]> = []) {
    this.#done = new Map(done)
  }

  /**
   * The number of the last event given out, by slot. Store it together with the result of the
   * event, and no event is handled twice.
   */
  get done(): ReadonlyMap<number, number> {
    return this.#done
  }

  /**
   * The number of events that wait for a predecessor. It never exceeds the consumer's
   * `max_ack_pending` if waiting events are not acknowledged.
   */
  get held(): number {
    return this.#held
  }

  /**
   * Takes an event as it arrived. `ready`: the events that may be handled now, in this order;
   * acknowledge each one when it is done. `repeat`: the event was given out before; acknowledge it
   * and do nothing else. Otherwise the event is kept until its predecessors arrive; do not
   * acknowledge it, or it is lost with this process.
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

  /** Keeps the later of two copies: only the later one can still be acknowledged. */
  #keep(event: E): void {
    let early = this.#early.get(event.slot)
    if (early === undefined) this.#early.set(event.slot, (early = new Map()))
    if (!early.has(event.seq)) this.#held++
    early.set(event.seq, event)
  }
}
