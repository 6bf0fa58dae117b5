/**
 * How people of the simulation call: over a network that loses requests and replies, to any living
 * edge, with an idempotency key, repeatedly until there is an answer. The checker gets each answer
 * and compares it with the journal.
 */
import { pino } from 'pino'
import { problemAnswer } from '../../edge/http/problem.ts'
import { errorCatalogue, type ErrorCode } from '../../protocol/kernel/errors.ts'
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { Chance } from '../../protocol/kernel/chance.ts'
import type { Checker } from '../../engine/sim/checker.ts'
import type { Faults } from '../../engine/sim/faults.ts'
import type { Schedule } from '../../engine/sim/schedule.ts'
import type { SimDatabase } from '../../engine/sim/database.ts'
import type { Listener, SimEdge } from './edge/edge.ts'

/** The part of a person with a socket that the world uses. The class is in `connection.ts`. */
export interface SocketHolder {
  readonly name: string
  readonly topic: string
  readonly connectedSinceMs: number
  readonly heard: ReadonlySet<string>
  dropConnection(): void
}

/** The parts of the world that people can see. */
export interface Surroundings {
  readonly schedule: Schedule
  readonly faults: Faults
  readonly checker: Checker
  readonly database: SimDatabase
  edges(): readonly SimEdge[]
  /** True when no new orders may begin; orders under way are finished. */
  closing(): boolean
  putPharmacy(vendor: DirectoryPharmacy): void
  note(who: string, what: string): void
  /** Registers a person who has a socket, or has one no longer. */
  joined(one: SocketHolder): void
  left(one: SocketHolder): void
  /** Applies a deliberate bug to a socket. */
  faulty(listener: Listener): Listener
}

export type Answer<T> = { ok: true; value: T } | { ok: false; code: ErrorCode | 'lost' }

const log = pino({ level: 'silent' })
const patienceMs = 15_000
const triesMax = 25

export class Caller {
  readonly name: string
  readonly chance: Chance
  readonly world: Surroundings
  #calls = 0

  constructor(name: string, chance: Chance, world: Surroundings) {
    this.name = name
    this.chance = chance
    this.world = world
  }

  sleep(ms: number): Promise<void> {
    return new Promise(resolve => {
      this.world.schedule.after(ms, resolve)
    })
  }
  newKey(): string {
    return `${this.name}-${++this.#calls}`
  }

  /** One attempt. */
  call<T>(work: (edge: SimEdge) => Promise<T>): Promise<Answer<T>> {
    const { schedule, faults } = this.world
    return new Promise(resolve => {
      const lost: Answer<T> = { ok: false, code: 'lost' }
      const giveUp = schedule.after(patienceMs, () => resolve(lost))
      const later = (answer: Answer<T>): void => {
        if (faults.happens('client reply lost', 0.03)) return
        schedule.after(this.chance.between(1, 40), () => {
          giveUp()
          resolve(answer)
        })
      }
      const send = (): void => {
        const edges = this.world.edges()
        if (edges.length === 0) return later(lost)
        const edge = this.chance.pick(edges)
        schedule.after(this.chance.between(1, 40), () =>
          edge.serve(() => work(edge), {
            done: value => later({ ok: true, value }),
            failed: error => later({ ok: false, code: this.#codeOf(error) }),
            broken: () => later(lost),
          }),
        )
      }
      if (!faults.happens('client request lost', 0.03)) send()
      // Send the same request twice, as a proxy or an impatient user does.
      if (faults.happens('client repeats', 0.02)) schedule.after(this.chance.around(500), send)
    })
  }

  /**
   * The code that the edge answers. `internal` is a defect of ours, or of the simulator: a statement
   * that its database does not know would otherwise end a kind of act without a word.
   */
  #codeOf(error: unknown): ErrorCode {
    const { code } = problemAnswer(error, '', log, null)
    if (code === 'internal') {
      const what = error instanceof Error ? error.message : String(error)
      this.world.checker.fail('[defect]', `${this.name} was answered internal: ${what}`)
    }
    return code
  }

  /**
   * Repeats a POST until there is a final answer. After `triesMax` attempts without one it gives
   * the last answer, 'lost' or one that may be repeated; the outcome is then unknown.
   */
  async post<T>(
    route: string,
    body: unknown,
    work: (edge: SimEdge, ids: { commandId: string; targetId: string }) => Promise<T>,
    identify: (value: T) => string,
    actorId: string | null = null,
  ): Promise<Answer<T>> {
    const key = this.newKey()
    const toldBefore = actorId === null ? 0 : this.world.checker.toldVersion(actorId)
    const once = (): Promise<Answer<T>> =>
      this.call(edge => edge.post(this.name, key, route, body, ids => work(edge, ids)))
    let answer: Answer<T> = { ok: false, code: 'lost' }
    for (let tries = 0; tries < triesMax; tries++) {
      answer = await once()
      this.#remember(key, route, answer, identify, actorId, toldBefore)
      if (
        answer.ok ||
        (answer.code !== 'lost' &&
          answer.code !== 'internal' &&
          !errorCatalogue[answer.code].retryable)
      )
        break
      await this.sleep(Math.min(5_000, 200 * 2 ** tries) * this.chance.between(0.5, 1))
    }
    this.world.note(
      this.name,
      `${route} ${actorId ?? ''} -> ${answer.ok ? identify(answer.value) : answer.code}`,
    )
    // Repeat it long after, as a proxy that kept it, or a user who scrolled back.
    if (answer.ok && this.world.faults.happens('client repeats', 0.03))
      this.world.schedule.after(this.chance.around(120_000), () => {
        void once().then(again => this.#remember(key, route, again, identify, actorId, toldBefore))
      })
    return answer
  }

  /**
   * A refusal may differ after a restart, because it is not in the journal. A granted command stays
   * granted.
   */
  #remember<T>(
    key: string,
    route: string,
    answer: Answer<T>,
    identify: (value: T) => string,
    actorId: string | null,
    toldBefore: number,
  ): void {
    const { checker } = this.world
    if (answer.ok) {
      const view = answer.value as { id?: string; version?: number; tracking_token?: string }
      if (typeof view.tracking_token === 'string')
        checker.toldOrder(answer.value as unknown as OrderView, `${this.name} ${route}`, toldBefore)
      checker.toldAnswer(key, identify(answer.value), actorId)
    } else if (answer.code !== 'lost' && !errorCatalogue[answer.code].retryable)
      checker.refusedAnswer(key, answer.code, actorId)
  }
}
