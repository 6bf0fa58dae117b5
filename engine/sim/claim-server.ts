/**
 * The claims of a simulation: the memory adapter as a server, with faults in front of it. The
 * faults are lost requests and replies, slowness, an outage, a flush, and a failover to a replica
 * that lacks the last writes.
 */
import type { ClaimAnswer, Claims } from '../../protocol/claims/claims.ts'
import { memoryClaims } from '../../protocol/claims/memory.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { Chance } from '../../protocol/kernel/chance.ts'
import type { Faults } from './faults.ts'
import type { SimNode } from './node.ts'
import type { Schedule } from './schedule.ts'

type Operation = 'open' | 'claim' | 'confirm' | 'release' | 'close'
interface Done {
  atMs: number
  operation: Operation
  args: readonly unknown[]
}

/**
 * Writes that are older than this are not played into a replica: their claims are gone by then.
 */
const rememberedMs = limits.claimAfterlifeMs

/** One server of claims for all processes. */
export class ClaimServer {
  readonly #schedule: Schedule
  readonly #faults: Faults
  readonly #chance: Chance
  readonly #answered: (orderId: string, pharmacyId: string, answer: ClaimAnswer) => void
  #claims: Claims
  #done: Done[] = []
  #down = false
  readonly #away = new Set<SimNode>()
  /** While a replica is filled: the time of the write that it gets now. */
  #replayMs: number | null = null
  /** Converts the deadline of a claim. A planted bug may replace it. */
  deadline = (atMs: number): number => atMs

  constructor(
    schedule: Schedule,
    faults: Faults,
    chance: Chance,
    answered: (orderId: string, pharmacyId: string, answer: ClaimAnswer) => void,
  ) {
    this.#schedule = schedule
    this.#faults = faults
    this.#chance = chance
    this.#answered = answered
    this.#claims = this.#fresh()
  }

  #nowMs = (): number => this.#replayMs ?? Math.floor(this.#schedule.nowMs)
  #fresh(): Claims {
    return memoryClaims(this.#nowMs, () => () => {})
  }

  /** Begins or ends an outage for all processes. */
  setDown(down: boolean): void {
    this.#down = down
  }
  /** Sets whether this process can reach the claims. */
  setReached(node: SimNode, reached: boolean): void {
    if (reached) this.#away.delete(node)
    else this.#away.add(node)
  }
  /** Forgets all claims, as a server that restarts without its data. */
  flush(): void {
    this.#claims = this.#fresh()
    this.#done = []
  }

  /** A replica takes over. It lacks the writes of the last `lagMs`. */
  failOver(lagMs: number): void {
    const known = this.#done.filter(one => one.atMs <= this.#schedule.nowMs - lagMs)
    this.flush()
    for (const { atMs, operation, args } of known) {
      this.#replayMs = Math.floor(atMs)
      void (this.#claims[operation] as (...args: readonly unknown[]) => Promise<unknown>)(...args)
    }
    this.#replayMs = null
    this.#done = known
  }

  /** The claims as one process reaches them. */
  for(node: SimNode): Claims {
    const run = <T>(operation: Operation, ...args: unknown[]): Promise<T> =>
      this.#call(node, () => {
        const nowMs = this.#schedule.nowMs
        while (this.#done.length > 0 && this.#done[0]!.atMs < nowMs - rememberedMs)
          this.#done.shift()
        this.#done.push({ atMs: nowMs, operation, args })
        return (this.#claims[operation] as (...args: unknown[]) => Promise<unknown>)(
          ...args,
        ) as Promise<T>
      })
    return {
      open: (orderId, pharmacyIds, deadlineMs) =>
        run('open', orderId, [...pharmacyIds], this.deadline(deadlineMs)),
      claim: async (orderId, pharmacyId) => {
        const answer = await run<ClaimAnswer>('claim', orderId, pharmacyId)
        this.#answered(orderId, pharmacyId, answer)
        return answer
      },
      confirm: (orderId, pharmacyId) => run('confirm', orderId, pharmacyId),
      release: (orderId, pharmacyId) => run('release', orderId, pharmacyId),
      close: (orderId, outcome) => run('close', orderId, outcome),
      shutdown: async () => {},
    }
  }

  #call<T>(node: SimNode, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const faults = this.#faults
      const latencyMs = (): number => {
        const ms = this.#chance.between(0.1, 1)
        return faults.happens('claims slow', 0.01) ? ms + faults.die('claims slow').around(300) : ms
      }
      const back = (settle: () => void): void => {
        this.#schedule.after(latencyMs(), () => node.enter(settle))
      }
      const fail = (): void =>
        back(() => reject(new CaduceusError('unavailable', 'claims do not answer')))
      if (node.diesHere()) return
      if (faults.happens('claims lost request', 0.01)) return fail()
      this.#schedule.after(latencyMs(), () => {
        if (this.#down || this.#away.has(node)) return fail()
        void work().then(result => {
          if (node.diesHere()) return
          if (faults.happens('claims lost reply', 0.02)) return fail()
          back(() => resolve(result))
        })
      })
    })
  }
}
