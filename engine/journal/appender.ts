/**
 * Group commit: while one group of appends is on its way the next one collects, so the group grows
 * with the load and an idle journal adds no delay. Every append gets exactly one answer. A
 * connection error is never that answer, because the write may have landed: the same group is sent
 * again until the database answers.
 *
 * A journal has several appenders side by side, each for its share of the slots: while one waits
 * for the disk, another one encodes. Rejected: several groups of one appender in flight, because
 * the order in a slot would then depend on the faster connection. Rejected: one transaction per
 * append, because fsync allows about a thousand a second.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { Log, PgPool } from '../../migrations/database/open.ts'
import { ArrayWriter } from './arrays.ts'
import type { AppendRequest, AppendResult } from './journal.ts'
import type { AppendPlan, AppendQuery } from './append.ts'
import { identityParameters, plainArray, type NumberedAppend } from './rows.ts'
import { statements } from './statements.ts'

export interface AppenderEnv {
  after(ms: number, run: () => void): () => void
  /**
   * Number of events that may wait or be on their way, and of events in one statement. The defaults
   * are those of a deployment.
   */
  queueEventsMax?: number
  batchEventsMax?: number
}

/** Number of events that wait or are on their way, over all appenders of a journal (J7). */
export interface QueueBudget {
  eventsHeld: number
}

interface Waiting {
  readonly request: AppendRequest
  firstSeq: number
  resolve(result: AppendResult): void
  reject(error: Error): void
}
/** The known state of a slot: its epoch and the number of its next event. */
interface Head {
  epoch: number
  nextSeq: number
}

type GroupOutcome =
  | { kind: 'committed' }
  | { kind: 'refused'; fenced: ReadonlySet<number>; discontinued: ReadonlySet<string> }
  | { kind: 'failed'; error: Error }

const retryMsMin = 20
const retryMsMax = 1_000
/**
 * Number of times that an append gets new numbers after a collision. With more collisions two
 * journals write under one epoch, and the append is rejected.
 */
const renumberAttemptsMax = 3
const uniqueViolation = '23505'

export class Appender {
  readonly #pool: PgPool
  readonly #plan: Pick<AppendPlan, 'query'>
  readonly #env: AppenderEnv
  readonly #log: Log
  readonly #heads = new Map<number, Head>()
  readonly #budget: QueueBudget
  /** One group at a time is on its way, so its bytes stay until it is settled. */
  readonly #writer = new ArrayWriter()
  #queue: Waiting[] = []
  #running = false
  #closing = false
  /** Resolves when the next group may leave. */
  #endPause: (() => void) | null = null
  #idle: (() => void)[] = []

  constructor(
    pool: PgPool,
    plan: Pick<AppendPlan, 'query'>,
    env: AppenderEnv,
    log: Log,
    budget: QueueBudget,
  ) {
    this.#pool = pool
    this.#plan = plan
    this.#env = env
    this.#log = log
    this.#budget = budget
  }

  append(request: AppendRequest): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      if (request.events.length === 0) return reject(new Error('an append has at least one event'))
      if (this.#closing) return reject(new CaduceusError('unavailable', 'The journal is closing'))
      if (
        this.#budget.eventsHeld + request.events.length >
        (this.#env.queueEventsMax ?? limits.journalQueueEventsMax)
      )
        return reject(new CaduceusError('overloaded', 'The journal cannot keep up'))
      this.#budget.eventsHeld += request.events.length
      this.#queue.push({ request, firstSeq: 0, resolve, reject })
      if (this.#running) return
      this.#running = true
      // Start a microtask later, so that the appends of one turn go together.
      queueMicrotask(() => void this.#run())
    })
  }

  /** Writes the queue if the database answers, and refuses the queue if not. */
  async close(): Promise<void> {
    this.#closing = true
    this.#endPause?.()
    if (this.#running) await new Promise<void>(resolve => this.#idle.push(resolve))
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#takeGroup()
      try {
        await this.#commit(group)
      } catch (error) {
        for (const one of group) one.reject(error as Error)
      }
      for (const one of group) this.#budget.eventsHeld -= one.request.events.length
    }
    this.#running = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /**
   * Takes from the front of the queue, in its order, up to the bound or to the second append of one
   * actor.
   */
  #takeGroup(): Waiting[] {
    const actors = new Set<string>()
    const { batchEventsMax = limits.journalBatchEventsMax } = this.#env
    let eventCount = 0
    let end = 0
    for (; end < this.#queue.length; end++) {
      const { request } = this.#queue[end]!
      eventCount += request.events.length
      if (end > 0 && (eventCount > batchEventsMax || actors.has(request.actorId))) break
      actors.add(request.actorId)
    }
    return this.#queue.splice(0, end)
  }

  /** Settles every append of the group, in as few statements as possible. */
  async #commit(group: readonly Waiting[]): Promise<void> {
    let rest = await this.#numbered(group)
    while (rest.length > 0) {
      const outcome = await this.#send(rest)
      switch (outcome.kind) {
        case 'committed':
          return this.#settleCommitted(rest)
        case 'failed':
          if (rest.length === 1) return await this.#settleFailed(rest[0]!, outcome.error)
          // One append of the group is to blame. Sent alone, each gets its own answer.
          for (const one of rest) await this.#commit([one])
          return
        case 'refused':
          for (const one of rest) {
            if (outcome.fenced.has(one.request.slot)) one.resolve({ outcome: 'fenced' })
            else if (outcome.discontinued.has(one.request.actorId))
              one.resolve({ outcome: 'conflict' })
          }
          rest = await this.#numbered(
            rest.filter(
              one =>
                !outcome.fenced.has(one.request.slot) &&
                !outcome.discontinued.has(one.request.actorId),
            ),
          )
      }
    }
  }

  /**
   * Gives each append its numbers. An append under an epoch that is known to be over is answered at
   * once.
   */
  async #numbered(group: readonly Waiting[]): Promise<Waiting[]> {
    const unknown = new Map<number, number>()
    for (const { request } of group) {
      const known = Math.max(
        this.#heads.get(request.slot)?.epoch ?? 0,
        unknown.get(request.slot) ?? 0,
      )
      if (request.epoch > known) unknown.set(request.slot, request.epoch)
    }
    if (unknown.size > 0) await this.#readHeads(unknown)
    const next = new Map<number, number>()
    return group.filter(one => {
      const { slot, epoch, events } = one.request
      const head = this.#heads.get(slot)!
      if (epoch < head.epoch) {
        one.resolve({ outcome: 'fenced' })
        return false
      }
      one.firstSeq = next.get(slot) ?? head.nextSeq
      next.set(slot, one.firstSeq + events.length)
      return true
    })
  }

  async #readHeads(epochs: ReadonlyMap<number, number>): Promise<void> {
    const { rows } = await this.#untilAnswered(() =>
      this.#pool.query<{ slot: number; last_seq: number }>({
        ...statements.lastSeqs,
        values: [plainArray([...epochs.keys()])],
      }),
    )
    for (const row of rows)
      this.#heads.set(row.slot, { epoch: epochs.get(row.slot)!, nextSeq: row.last_seq + 1 })
  }

  /** Sends one group until the database has answered. */
  async #send(group: readonly NumberedAppend[]): Promise<GroupOutcome> {
    let query: AppendQuery
    try {
      query = this.#plan.query(this.#writer, group)
    } catch (error) {
      return { kind: 'failed', error: error as Error }
    }
    // True after a try whose reply was lost: the group may have been committed.
    let doubtful = false
    const written = (): Promise<boolean> => this.#untilAnswered(() => this.#isWritten(group))
    for (let attempt = 0; ; attempt++) {
      try {
        const {
          rows: [answer],
        } = await this.#pool.query<{
          committed: boolean
          held_slots: number[]
          gap_actor_ids: string[]
        }>(query)
        if (answer!.committed) return { kind: 'committed' }
        if (doubtful && (await written())) return { kind: 'committed' }
        const held = new Set(answer!.held_slots)
        const fenced = new Set(group.map(one => one.request.slot).filter(slot => !held.has(slot)))
        return { kind: 'refused', fenced, discontinued: new Set(answer!.gap_actor_ids) }
      } catch (error) {
        if (!isAnswer(error)) {
          doubtful = true
          await this.#pause(attempt, error)
          continue
        }
        if (error.code === uniqueViolation && doubtful && (await written()))
          return { kind: 'committed' }
        return { kind: 'failed', error }
      }
    }
  }

  async #isWritten(group: readonly NumberedAppend[]): Promise<boolean> {
    const {
      rows: [row],
    } = await this.#pool.query<{ found: number }>({
      ...statements.findWritten,
      values: identityParameters(group),
    })
    return row!.found === group.reduce((sum, one) => sum + one.request.events.length, 0)
  }

  #settleCommitted(group: readonly Waiting[]): void {
    for (const { request, firstSeq, resolve } of group) {
      const head = this.#heads.get(request.slot)!
      head.nextSeq = Math.max(head.nextSeq, firstSeq + request.events.length)
      resolve({ outcome: 'committed', firstSeq })
    }
  }

  /** Settles a single append that the database refused. */
  async #settleFailed(one: Waiting, failure: Error, attempt = 1): Promise<void> {
    const { request } = one
    if ((failure as { code?: string }).code !== uniqueViolation) {
      this.#log.error(
        { error: failure.message, actor: request.actorId },
        'append refused by the database',
      )
      return one.reject(failure)
    }
    const {
      rows: [row],
    } = await this.#untilAnswered(() =>
      this.#pool.query<{ version: number }>({
        ...statements.actorVersion,
        values: [request.actorId],
      }),
    )
    if (row!.version !== request.fromVersion) return one.resolve({ outcome: 'conflict' })
    // The version was right, so the number in the slot was taken: another writer uses our epoch.
    if (attempt > renumberAttemptsMax) return one.reject(failure)
    this.#heads.delete(request.slot)
    const [again] = await this.#numbered([one])
    if (again === undefined) return
    const outcome = await this.#send([again])
    if (outcome.kind === 'committed') return this.#settleCommitted([again])
    if (outcome.kind === 'failed')
      return await this.#settleFailed(again, outcome.error, attempt + 1)
    one.resolve({ outcome: outcome.fenced.has(request.slot) ? 'fenced' : 'conflict' })
  }

  async #untilAnswered<R>(ask: () => Promise<R>): Promise<R> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask()
      } catch (error) {
        if (isAnswer(error)) throw error
        await this.#pause(attempt, error)
      }
    }
  }

  /** Waits before the next try, longer each time. Throws when the journal is closing. */
  async #pause(attempt: number, error: unknown): Promise<void> {
    if (attempt === 0)
      this.#log.warn(
        { error: (error as Error).message, queuedEvents: this.#budget.eventsHeld },
        'journal: database away, appends wait',
      )
    if (!this.#closing) {
      await new Promise<void>(resolve => {
        const cancel = this.#env.after(Math.min(retryMsMax, retryMsMin * 2 ** attempt), resolve)
        this.#endPause = () => {
          cancel()
          resolve()
        }
      })
      this.#endPause = null
    }
    if (this.#closing)
      throw new CaduceusError(
        'unavailable',
        'The journal is closing and its database does not answer',
      )
  }
}

/**
 * True when the database has answered and would answer the same again: bad data (22), a broken
 * constraint (23), a wrong statement (42). Any other error concerns the connection, the state of
 * the server or a lock, and the same statement may succeed later.
 */
function isAnswer(error: unknown): error is Error & { code: string } {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && /^(22|23|42)[0-9A-Z]{3}$/.test(code)
}
