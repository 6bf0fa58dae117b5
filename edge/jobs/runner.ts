/**
 * Does the jobs of all features, each on one edge at a time. An edge looks every few seconds for
 * jobs that are due and takes them by their rows. The next time is counted from the end of a run, so
 * runs that were missed while no edge was there do not pile up.
 *
 * A failed run is repeated a few times with growing pauses. A run also counts when its edge died, so
 * a job that ends its process is not tried for ever.
 *
 * Rejected: a well-kept queue such as pg-boss. It maintains tables of its own for queues of many
 * messages, and our jobs are a dozen rows that are always there.
 */
import type { JobFigures, ReadyJob } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { dueNames, end, fence, register, renew, take, type Outcome, type Taken } from './lease.ts'
import { jobLimits } from './limits.ts'
import type { JobsMetrics } from './metrics.ts'

type Parts = Pick<Kernel, 'edgeId' | 'database' | 'log' | 'random' | 'after'> & {
  metrics: JobsMetrics
}
type Timing = Pick<typeof jobLimits, 'lookMs' | 'runMs' | 'retryMs' | 'leaseMs'>
interface Running {
  abort(reason: Error): void
  /** Resolves when the end of the run is stored; never rejects. */
  ended: Promise<void>
}

/** Reasons of aborted runs. */
const stopping = new Error('this edge ends')
const lost = new Error('another edge may do this job now')
const tooLong = new Error('the run took too long')

export class JobRunner {
  #jobs: ReadonlyMap<string, ReadyJob> = new Map()
  readonly #parts: Parts
  readonly #timing: Timing
  /** Also the runs that were given up and go on all the same. */
  readonly #running = new Map<string, Running>()
  #stopped = false
  #lookAgain = false
  #wakeUp = () => {}
  #loop: Promise<void> = Promise.resolve()

  constructor(parts: Parts, timing: { [name in keyof Timing]: number } = jobLimits) {
    this.#parts = parts
    this.#timing = timing as Timing
  }

  /** Makes the rows of these jobs. Call it before `start`. Rejects while the database is away. */
  async register(jobs: ReadonlyMap<string, ReadyJob>): Promise<void> {
    this.#jobs = jobs
    await register(
      this.#parts.database.kysely,
      [...jobs].map(([name, { everyMinutes }]) => ({
        name,
        // Jobs that are new together do not run together.
        firstInMs: everyMinutes * 60_000 * (0.5 + this.#parts.random() / 2),
      })),
    )
  }

  /** By name. */
  get jobs(): ReadonlyMap<string, ReadyJob> {
    return this.#jobs
  }

  /** Begins to look for jobs that are due. */
  start(): void {
    this.#loop = this.#lookUntilStopped()
  }

  /** Looks at once. */
  soon(): void {
    this.#lookAgain = true
    this.#wakeUp()
  }

  /** Tells the runs under way to end, and waits for them. Another edge goes on with them at once. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#wakeUp()
    await this.#loop
    for (const { abort } of this.#running.values()) abort(stopping)
    await Promise.all([...this.#running.values()].map(({ ended }) => ended))
  }

  async #lookUntilStopped(): Promise<void> {
    const { after, random, log } = this.#parts
    while (!this.#stopped) {
      this.#lookAgain = false
      try {
        await this.#look()
      } catch (error) {
        log.warn({ err: error }, 'background work could not be looked for; it will be later')
      }
      if (this.#stopped || this.#lookAgain) continue
      await new Promise<void>(resolve => {
        const cancel = after(this.#timing.lookMs * (0.5 + random()), resolve)
        this.#wakeUp = () => {
          cancel()
          resolve()
        }
      })
    }
  }

  async #look(): Promise<void> {
    const { database, edgeId } = this.#parts
    const db = database.kysely
    const names = [...this.jobs.keys()].filter(name => !this.#running.has(name))
    if (names.length === 0) return
    for (const name of await dueNames(db, names)) {
      if (this.#stopped || this.#running.size >= jobLimits.atOnceMax) return
      const taken = await take(db, name, edgeId, this.#timing.leaseMs)
      if (taken !== null) this.#begin(taken, this.jobs.get(name)!)
    }
  }

  #begin(taken: Taken, job: ReadyJob): void {
    const controller = new AbortController()
    const { signal } = controller
    const run = { signal, fence: fence.bind(null, taken, this.#parts.edgeId) }
    const work =
      taken.attempt > jobLimits.attemptsMax
        ? Promise.reject(new Error(`the edges that ran it died ${jobLimits.attemptsMax} times`))
        : Promise.resolve().then(() => job.run(run))
    const ended = this.#end(taken, job, work, controller)
    this.#running.set(taken.name, { abort: reason => controller.abort(reason), ended })
    void Promise.allSettled([ended, work]).then(() => {
      this.#running.delete(taken.name)
      // Jobs that are due may wait for a free place.
      this.soon()
    })
  }

  /** Waits for the work, and stores its end. */
  async #end(
    taken: Taken,
    job: ReadyJob,
    work: Promise<JobFigures>,
    controller: AbortController,
  ): Promise<void> {
    const { database, edgeId, log, metrics, after } = this.#parts
    const { name } = taken
    const stopRenewing = this.#keepLease(taken, controller)
    const cancelDeadline = after(this.#timing.runMs, () => controller.abort(tooLong))
    const aborted = new Promise<never>((_, reject) => {
      controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error))
    })
    const outcome = await Promise.race([work, aborted]).then(
      figures => this.#succeeded(job, figures),
      async (error: unknown) =>
        error === stopping
          ? // The job gets the time of the drain to come to an end of its own.
            await work.then(
              figures => this.#succeeded(job, figures),
              () => interrupted(taken),
            )
          : this.#failed(job, taken, error),
    )
    cancelDeadline()
    stopRenewing()
    const { reason } = controller.signal as { reason: unknown }
    if (outcome.state === 'failed')
      log.warn({ job: name, attempt: taken.attempt, reason: outcome.error }, 'a job failed')
    try {
      const isStored = reason !== lost && (await end(database.kysely, taken, edgeId, outcome))
      metrics.jobRuns.inc({ job: name, outcome: isStored ? outcome.state : 'lost' })
    } catch (error) {
      log.warn({ err: error, job: name }, 'the end of a job could not be stored; it is done again')
    }
  }

  #succeeded = ({ everyMinutes }: ReadyJob, figures: JobFigures): Outcome => ({
    state: 'succeeded',
    figures,
    error: null,
    dueInMs: everyMinutes * 60_000,
    attempts: 0,
  })

  #failed({ everyMinutes }: ReadyJob, { attempt }: Taken, error: unknown): Outcome {
    const isLast = attempt >= jobLimits.attemptsMax
    const pauseMs = this.#timing.retryMs * 2 ** (attempt - 1)
    return {
      state: 'failed',
      figures: null,
      error: String(error instanceof Error ? error.message : error).slice(
        0,
        jobLimits.errorCharactersMax,
      ),
      dueInMs: isLast ? everyMinutes * 60_000 : Math.min(everyMinutes * 60_000, pauseMs),
      attempts: isLast ? 0 : attempt,
    }
  }

  /**
   * Renews the lease until the returned function is called. Aborts the run before the lease ends by
   * this edge's timers, so that an edge without the database does not go on beside another one.
   */
  #keepLease(taken: Taken, controller: AbortController): () => void {
    const { database, edgeId, after } = this.#parts
    const { leaseMs } = this.#timing
    const giveUp = (): void => controller.abort(lost)
    let cancelGivingUp = after(leaseMs * 0.8, giveUp)
    let cancelNext = (): void => {}
    let isOver = false
    const renewLater = (): void => {
      cancelNext = after(leaseMs / 4, () => {
        void (async () => {
          // The lease counts from before the question.
          let isRenewed = false
          const cancel = after(leaseMs * 0.8, () => isRenewed && giveUp())
          try {
            isRenewed = await renew(database.kysely, taken, edgeId, leaseMs)
            if (!isRenewed) giveUp()
          } catch {
            // The database is away; the next renewal may reach it.
          }
          if (isRenewed) {
            cancelGivingUp()
            cancelGivingUp = cancel
          } else cancel()
          if (isOver) cancelGivingUp()
          else renewLater()
        })()
      })
    }
    renewLater()
    return () => {
      isOver = true
      cancelNext()
      cancelGivingUp()
    }
  }
}

/** This edge ends; another one does the job anew, and the attempt does not count. */
const interrupted = ({ attempt }: Taken): Outcome => ({
  state: 'interrupted',
  figures: null,
  error: stopping.message,
  dueInMs: 0,
  attempts: attempt - 1,
})
