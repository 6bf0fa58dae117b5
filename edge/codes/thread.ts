/**
 * A thread that does one job after the other, so that work on pictures never holds up the edge and
 * takes one processor at most. The jobs wait in a queue that is fair to accounts. The
 * thread starts with the first job and ends when none comes for a while, because memory of
 * WebAssembly grows and never shrinks.
 */
import { Worker } from 'node:worker_threads'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { FairQueue } from '../accounts/fair-queue.ts'
import type { Clock } from '../kernel/kernel.ts'
import { codeLimits } from './limits.ts'

export interface ThreadBounds {
  /** Jobs of all accounts that are done or wait. */
  jobsMax: number
  jobsPerAccountMax: number
  /** Time after which a job is given up. */
  jobMsMax: number
  /** Time without a job after which the thread ends. */
  idleMs: number
  /** Size of the JavaScript heap of the thread; WebAssembly has memory beside it. */
  heapMegabytesMax: number
}

const full = (): CaduceusError =>
  new CaduceusError(
    'overloaded',
    'too many pictures are written or read; send this request again',
    undefined,
    codeLimits.retryAfterSeconds,
  )

export class JobThread<Job, Answer> {
  readonly #after: Clock['after']
  readonly #file: URL
  readonly #bounds: ThreadBounds
  readonly #late: () => Error
  readonly #queue: FairQueue
  #worker: Worker | null = null
  #stopIdle: () => void = () => {}

  /**
   * `file` is the compiled script of the thread; it answers each message with one. `late` makes the
   * error of a job that is given up.
   */
  constructor(
    { after }: Pick<Clock, 'after'>,
    file: URL,
    bounds: ThreadBounds,
    late: () => Error = full,
  ) {
    this.#after = after
    this.#file = file
    this.#bounds = bounds
    this.#late = late
    this.#queue = new FairQueue(
      { atOnceMax: 1, totalMax: bounds.jobsMax, perKeyMax: bounds.jobsPerAccountMax },
      full,
    )
  }

  /** True while the thread and its memory exist. */
  get isRunning(): boolean {
    return this.#worker !== null
  }

  /** Ends the thread; the next job starts another one. */
  close(): void {
    this.#stopIdle()
    const worker = this.#worker
    this.#worker = null
    void worker?.terminate()
  }

  /** Throws `overloaded` when there is no place, and the error of `late`. */
  protected run(accountId: string, job: Job): Promise<Answer> {
    return this.runLoaded(accountId, async () => job)
  }

  /** As `run`, for a job that takes memory only once it has its turn. Throws the errors of `load`. */
  protected runLoaded(accountId: string, load: () => Promise<Job>): Promise<Answer> {
    return this.#queue.run(accountId, async () => {
      const job = await load()
      this.#stopIdle()
      try {
        const answer = await this.#answerTo(job)
        this.#stopIdle = this.#after(this.#bounds.idleMs, () => this.close())
        return answer
      } catch (error) {
        this.close()
        throw error
      }
    })
  }

  #answerTo(job: Job): Promise<Answer> {
    const worker = (this.#worker ??= new Worker(this.#file, {
      resourceLimits: { maxOldGenerationSizeMb: this.#bounds.heapMegabytesMax },
    }))
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        stopTimer()
        worker.off('message', onAnswer).off('error', onError).off('exit', onExit)
        settle()
      }
      const onAnswer = (answer: Answer): void => end(() => resolve(answer))
      const onError = (error: Error): void => end(() => reject(error))
      const onExit = (): void => onError(new Error('a thread for pictures has ended'))
      const stopTimer = this.#after(this.#bounds.jobMsMax, () => onError(this.#late()))
      worker.on('message', onAnswer).on('error', onError).on('exit', onExit)
      worker.postMessage(job, [])
    })
  }
}
