/**
 * Decides which slots this engine owns. The leases are in Postgres. This class renews them in time,
 * takes its fair share of free slots, and hands over the slots that another engine should have.
 * Rendezvous hashing over the living engines decides the fair share, so a change of membership
 * moves few slots. An engine that joins, hands over or leaves announces it, and the others look at
 * once. An engine that dies says nothing; its slots are taken when its lease has lapsed, at most
 * one renewal interval later. Fencing does not depend on any of this: the epoch check of the append
 * does it.
 */
import type { Leases, SlotLease } from '../journal/leases.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import type { Slots } from '../../protocol/kernel/slots.ts'

export interface SlotKeeperDeps {
  env: Env
  leases: Leases
  slots: Slots
  engineId: string
  /**
   * Embedded: the data directory is locked, so any lease in it belongs to a process that has ended.
   */
  exclusive: boolean
  /** Time for which a silent engine keeps its slots, ms. A lease is renewed ten times in it. */
  leaseMs: number
  /**
   * Tells the other engines to look now. It is a hint: a lost one delays them by one renewal
   * interval.
   */
  announce(): void
  /** Loads the slot and begins to serve it. */
  gained(lease: SlotLease): Promise<void>
  /** Stops serving the slot at once. */
  lost(slot: number): void
  log(level: 'warn' | 'error', message: string, detail?: unknown): void
}

export class SlotKeeper {
  readonly #deps: SlotKeeperDeps
  readonly #held = new Map<number, number>()
  #cancel: (() => void) | null = null
  #stopped = false
  #renewedAtMs = 0
  /**
   * End of the lease by this process's clock. It is counted from before the question was asked, so
   * it is never later than the journal's own end.
   */
  #leaseUntilMs = 0
  #running: Promise<void> = Promise.resolve()
  #inRound = false
  #again = false
  #share: { among: string; mine: ReadonlySet<number> } | null = null

  constructor(deps: SlotKeeperDeps) {
    this.#deps = deps
  }

  get held(): ReadonlyMap<number, number> {
    return this.#held
  }

  /**
   * False when another engine may hold the leases by now, because a pause or a journal that was
   * down prevented the renewal. The journal refuses appends then; answers from memory alone must be
   * refused here.
   */
  get leaseHolds(): boolean {
    return this.#deps.exclusive || this.#deps.env.nowMs() < this.#leaseUntilMs
  }

  /**
   * Takes the first slots; resolves when they are served. Rejects when the journal cannot be
   * reached.
   */
  async start(): Promise<void> {
    await this.#nextRound()
    this.#arm()
    this.#deps.announce()
  }

  /** Called when another engine joined, handed over or left. */
  hurry(): void {
    // A round would make this engine a member again.
    if (this.#stopped) return
    if (this.#inRound) this.#again = true
    else if (this.#cancel !== null) {
      this.#cancel()
      this.#turn()
    }
  }

  /** Called when an append was refused: another engine owns the slot now. */
  fenced(slot: number): void {
    if (!this.#held.delete(slot)) return
    this.#deps.log('warn', `slot ${slot} has a new owner; this engine writes nothing to it`)
    this.#deps.lost(slot)
  }

  /** Hands all slots over. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    // Wait for a slot that is being loaded; otherwise it would be served after the end.
    await this.#running.catch(() => {})
    for (const slot of this.#held.keys()) this.#deps.lost(slot)
    this.#held.clear()
    // Release all slots, also those that were acquired and never served.
    const { engineId, leases, slots } = this.#deps
    await leases.releaseSlots(engineId, slots.all)
    await leases.leave(engineId)
    this.#deps.announce()
  }

  get #renewMs(): number {
    return this.#deps.leaseMs / renewalsPerLease
  }

  #nextRound(): Promise<void> {
    this.#inRound = true
    this.#running = this.#round().finally(() => {
      this.#inRound = false
    })
    return this.#running
  }

  #arm(): void {
    if (this.#stopped) return
    const pauseMs = this.#again ? 0 : this.#renewMs
    this.#again = false
    this.#cancel = this.#deps.env.after(pauseMs, () => this.#turn())
  }

  #turn(): void {
    this.#cancel = null
    this.#nextRound()
      .catch(error => this.#deps.log('error', 'renewing slot leases failed', error))
      .finally(() => this.#arm())
  }

  async #round(): Promise<void> {
    const { engineId, env, exclusive, leaseMs } = this.#deps
    const { leased, engines } = await this.#renew()
    if (this.#stopped) return
    // The lock makes this engine the only one. A membership that has not lapsed yet belongs to a
    // process that has ended and gets no share.
    const mine = this.#shareAmong(exclusive ? [engineId] : engines)
    // `leased` but not held: the answer to an acquire or a release was lost. Release the slot; if
    // we kept renewing it, no engine could take it.
    const surplus = [...this.#held.keys(), ...leased.filter(slot => !this.#held.has(slot))].filter(
      slot => !mine.has(slot),
    )
    for (const slot of surplus) if (this.#held.delete(slot)) this.#deps.lost(slot)
    if (surplus.length > 0) {
      await this.#deps.leases.releaseSlots(engineId, surplus)
      this.#deps.announce()
    }
    const wanted = [...mine].filter(slot => !this.#held.has(slot))
    if (wanted.length === 0) return
    let failure: unknown = null
    for (const lease of await this.#deps.leases.acquireSlots(
      engineId,
      wanted,
      leaseMs,
      exclusive,
    )) {
      if (this.#stopped) break
      try {
        // Loading many slots may take longer than a lease lasts.
        if (env.nowMs() - this.#renewedAtMs >= this.#renewMs) await this.#renew()
        await this.#deps.gained(lease)
        this.#held.set(lease.slot, lease.epoch)
      } catch (error) {
        // A half-loaded slot is worse than none. The next round takes it again, under a new epoch.
        this.#deps.lost(lease.slot)
        failure ??= error
      }
    }
    if (failure !== null) throw failure
  }

  /** Computes the share again only when the engines changed, which is rare. */
  #shareAmong(engines: readonly string[]): ReadonlySet<number> {
    const { engineId, slots } = this.#deps
    const among = engines.join(' ')
    if (this.#share?.among !== among)
      this.#share = { among, mine: fairShare(engineId, engines, slots.all) }
    return this.#share.mine
  }

  /** The slots that are this engine's by the journal, and the engines that are alive. */
  async #renew(): Promise<{ leased: number[]; engines: readonly string[] }> {
    const { engineId, env, leaseMs } = this.#deps
    const askedAtMs = env.nowMs()
    const { leases, engines } = await this.#deps.leases.renewSlots(engineId, leaseMs)
    const renewed = new Map(leases.map(lease => [lease.slot, lease.epoch]))
    if (this.#stopped) return { leased: [], engines }
    const lateMs = env.nowMs() - this.#renewedAtMs
    if (this.#renewedAtMs !== 0 && lateMs > leaseMs)
      this.#deps.log('warn', `lease renewal was ${lateMs} ms late`)
    this.#renewedAtMs = env.nowMs()
    this.#leaseUntilMs = askedAtMs + leaseMs
    for (const [slot, epoch] of this.#held) if (renewed.get(slot) !== epoch) this.fenced(slot)
    return { leased: [...renewed.keys()], engines }
  }
}

/**
 * Number of renewals in the time of a lease. Several may be missed, and a lapsed lease is found
 * within a tenth of that time.
 */
const renewalsPerLease = 10

/**
 * The slots for which this engine scores highest (rendezvous hashing, Thaler and Ravishankar 1998).
 */
export function fairShare(
  engineId: string,
  engines: readonly string[],
  slots: readonly number[],
): Set<number> {
  const mine = new Set<number>()
  const all = engines.includes(engineId) ? engines : [...engines, engineId]
  for (const slot of slots) {
    let best = ''
    let bestScore = -1
    for (const engine of all) {
      const score = hash(`${slot}/${engine}`)
      if (score > bestScore || (score === bestScore && engine < best)) {
        best = engine
        bestScore = score
      }
    }
    if (best === engineId) mine.add(slot)
  }
  return mine
}

function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
