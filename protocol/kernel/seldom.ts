/**
 * Limits log lines that a stranger can cause. The first line of a kind is logged at once; the next
 * ones are only counted for a while. Otherwise a message that fails a thousand times a second would
 * fill the disk.
 */

/** Time in which a kind may log one line. */
const everyMs = 10_000
/** Kinds that are counted separately. Further kinds share one line. */
const kindsMax = 100
const others = 'others'

interface Kind {
  saidAtMs: number
  leftOut: number
}

export class Seldom {
  readonly #say: (line: string, detail?: unknown) => void
  readonly #nowMs: () => number
  readonly #kinds = new Map<string, Kind>()

  constructor(say: (line: string, detail?: unknown) => void, nowMs: () => number) {
    this.#say = say
    this.#nowMs = nowMs
  }

  /**
   * Logs the line, or counts it towards the next line of its kind. `kind` must be one of our own
   * words, never text from outside.
   */
  say(kind: string, line: string, detail?: unknown): void {
    const name = this.#kinds.has(kind) || this.#kinds.size < kindsMax ? kind : others
    const nowMs = this.#nowMs()
    const known = this.#kinds.get(name)
    // A clock that was set back must not silence a kind for longer.
    if (known !== undefined && nowMs - known.saidAtMs < everyMs && nowMs >= known.saidAtMs) {
      known.leftOut++
      return
    }
    this.#kinds.set(name, { saidAtMs: nowMs, leftOut: 0 })
    const more =
      known === undefined || known.leftOut === 0
        ? ''
        : ` (and ${known.leftOut} more of this kind since the last line)`
    this.#say(`${line}${more}`, detail)
  }
}

/**
 * Wraps a callback of a timer, a microtask or a library, where nobody catches. Its error or
 * rejection goes to `failed`, not to `uncaughtException`, which ends the process.
 */
export function guarded(run: () => unknown, failed: (error: unknown) => void): () => void {
  return () => {
    try {
      const result = run()
      if (result instanceof Promise) result.catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}
