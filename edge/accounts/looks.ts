/**
 * Looks at the database for decisions that end somebody's access. A look runs when a hint over the
 * bus arrives, when this edge made such a decision, and regularly, for an edge that missed the
 * hint.
 */
import type { Logger } from 'pino'
import type { Bus } from '../../protocol/bus/bus.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { subjects } from '../../protocol/bus/subjects.ts'

/** The looks of one part of the edge. */
export interface Looks {
  /** Resolves after a look that began after the call. Never rejects. */
  look(): Promise<void>
  /** Tells every edge to look, and looks. Never rejects. */
  announce(): Promise<void>
  /** Ends the regular looks. A running look ends by itself and reports no failure. */
  close(): void
}

interface LooksDeps {
  bus: Bus
  log: Logger
  after(ms: number, run: () => void): () => void
}

/**
 * Calls `read` for each look, one at a time. A failure is logged as `failure`; the next look still
 * comes.
 */
export function createLooks(
  { bus, log, after }: LooksDeps,
  read: () => Promise<void>,
  failure: string,
): Looks {
  let running: Promise<void> | null = null
  let queued: Promise<void> | null = null
  let closed = false
  let cancel = () => {}

  const tried = (): Promise<void> =>
    read().catch((error: unknown) => {
      if (!closed) log.warn({ err: error }, failure)
    })
  /** All calls during one look share one more look, which begins after all of them. */
  const look = (): Promise<void> => {
    if (running === null)
      return (running = tried().finally(() => {
        running = null
      }))
    return (queued ??= running.then(() => {
      queued = null
      return look()
    }))
  }
  const subscription = bus.subscribe(subjects.accessEnded, () => void look())
  const next = (): void => {
    if (closed) return
    cancel = after(limits.endedAccessLookMs, () => void look().finally(next))
  }
  next()

  return {
    look,
    announce() {
      bus.publish(subjects.accessEnded, new Uint8Array())
      return look()
    },
    close() {
      closed = true
      cancel()
      subscription.unsubscribe()
    },
  }
}
