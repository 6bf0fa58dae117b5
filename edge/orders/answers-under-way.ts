/**
 * Bounds the answers of one pharmacy that an edge handles at once. An accept may wait for seconds
 * for a claim that another pharmacy holds. A script that accepts everything a thousand times must
 * not make the edge keep a thousand waits, each with its timer and its place in a race.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'

/**
 * Answers of one pharmacy at one edge: enough for several terminals that answer a morning's
 * requests in the same second.
 */
export const answersUnderWayMax = 64
/** Seconds after which a refused answer may come again. */
const retryAfterSeconds = 1

export class AnswersUnderWay {
  readonly #counts = new Map<string, number>()

  /** Number of pharmacies with answers under way. */
  get pharmacies(): number {
    return this.#counts.size
  }

  /**
   * Runs the work as an answer of the pharmacy. Throws `too_many_requests` when it has too many.
   */
  async run<Outcome>(pharmacyId: string, work: () => Promise<Outcome>): Promise<Outcome> {
    const count = this.#counts.get(pharmacyId) ?? 0
    if (count >= answersUnderWayMax)
      throw new CaduceusError(
        'too_many_requests',
        `a pharmacy may have ${answersUnderWayMax} answers under way; wait for one of them`,
        undefined,
        retryAfterSeconds,
      )
    this.#counts.set(pharmacyId, count + 1)
    try {
      return await work()
    } finally {
      const left = this.#counts.get(pharmacyId)! - 1
      if (left === 0) this.#counts.delete(pharmacyId)
      else this.#counts.set(pharmacyId, left)
    }
  }
}
