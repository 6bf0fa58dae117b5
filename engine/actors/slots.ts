/**
 * Which slots this engine owns. Leases live in Postgres; this keeps them: renews in time, takes its
 * fair share of free ones, hands over what another engine should have. The fair share is decided by
 * rendezvous hashing over the engines that are alive, so a change of membership moves few slots.
 * Who joins, lets go or leaves says so, and the others look at once; a dead engine says nothing, and
 * its slots are taken when its lease has lapsed, a renewal's time later at the most.
 * Fencing does not depend on any of this being right: the epoch check in the append does it.
 */
import { limits } from '../../protocol/kernel/limits.ts'
import type { Leases, SlotLease } from '../journal/leases.ts'
import type { Env } from '../../protocol/kernel/env.ts'

export interface SlotKeeperDeps {
  env: Env
  leases: Leases
  engineId: string
  /** Embedded: the data directory is locked, so a lease in it can only be a dead process's. */
  exclusive: boolean
  /** How long a silent engine keeps its slots, ms; renewed ten times in it. */
  leaseMs: number
  /** Tells the other engines to look now. A hint: what is lost costs a renewal's time. */
  announce(): void
  /** Load the slot and begin to serve it. */
  gained(lease: SlotLease): Promise<void>
  /** Stop serving it at once. */
  lost(slot: number): void
  log(level: 'warn' | 'error', message: string, detail?: unknown): void
}

export class SlotKeeper {
  readonly #deps: SlotKeeperDeps
  readonly #held = new Map<number, number>()
  #cancel: (() => void) | null = null
  #stopped = false
  #renewedAtMs = 0
  /** By this process's clock, from before the question was asked: never later than the journal's own. */
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
   * False when the leases may be somebody else's by now: a pause or an absent journal kept them from being
   * renewed. Appends are refused by the journal then; what is answered from memory alone must be refused here.
   */
  get leaseHolds(): boolean {
    return this.#deps.exclusive || this.#deps.env.nowMs() < this.#leaseUntilMs
  }

  /** Takes the first slots; resolves when they are served. Rejects when the journal cannot be reached. */
  async start(): Promise<void> {
    await this.#nextRound()
    this.#arm()
    this.#deps.announce()
  }

  /** Somebody joined, let go or left. */
  hurry(): void {
    // A round would make us a member again.
    if (this.#stopped) return
    if (this.#inRound) this.#again = true
    else if (this.#cancel !== null) {
      this.#cancel()
      this.#turn()
    }
  }

  /** An append was refused: the slot is somebody else's now. */
  fenced(slot: number): void {
    if (!this.#held.delete(slot)) return
    this.#deps.log('warn', `slot ${slot} has a new owner; this engine writes nothing to it`)
    this.#deps.lost(slot)
  }

  /** Hands everything over. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    // A slot that is being loaded would otherwise be served after the end.
    await this.#running.catch(() => {})
    for (const slot of this.#held.keys()) this.#deps.lost(slot)
    this.#held.clear()
    // All of them: also those that were acquired and never served.
    await this.#deps.leases.releaseSlots(this.#deps.engineId, allSlots)
    await this.#deps.leases.leave(this.#deps.engineId)
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
    // Alone by the lock: a membership that has not lapsed yet is the dead process's, and gets no share.
    const mine = this.#shareAmong(exclusive ? [engineId] : engines)
    // Leased and not held: the answer to an acquisition or a release was lost. Renewed for ever, nobody could have it.
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
        // Half in service is worse than not: the next round takes it again, under a new epoch.
        this.#deps.lost(lease.slot)
        failure ??= error
      }
    }
    if (failure !== null) throw failure
  }

  /** The share changes when the engines do, and they seldom do. */
  #shareAmong(engines: readonly string[]): ReadonlySet<number> {
    const among = engines.join(' ')
    if (this.#share?.among !== among)
      this.#share = { among, mine: fairShare(this.#deps.engineId, engines) }
    return this.#share.mine
  }

  /** The slots that the journal says are this engine's, and the engines that are alive. */
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

/** A renewal may be missed a few times; and a lapsed lease is found within a tenth of its length. */
const renewalsPerLease = 10

const allSlots: readonly number[] = Array.from({ length: limits.slotCount }, (_, slot) => slot)

/** The slots for which this engine scores highest (rendezvous hashing, Thaler and Ravishankar 1998). */
export function fairShare(engineId: string, engines: readonly string[]): Set<number> {
  const mine = new Set<number>()
  const all = engines.includes(engineId) ? engines : [...engines, engineId]
  for (let slot = 0; slot < limits.slotCount; slot++) {
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
