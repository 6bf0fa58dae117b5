/**
 * A loop that looks for work again and again and never at the same time twice. A failed look is
 * told and followed by the next one.
 */
import type { Clock } from './kernel.ts'

/**
 * The pause doubles with each failed look in a row, up to this time, ms. A failed look can be costly,
 * because the next one reads the files of the whole batch again.
 */
export const failedPauseMsMax = 60_000

export interface Looking {
  /** Does the work that is there. True: there is more. */
  look(): Promise<boolean>
  onError(error: unknown): void
  /** Pause after a look that found all, and after the first one that failed. */
  pollMs: number
  /** Pause after a look that left some. */
  batchPauseMs: number
}

/** Starts the loop. Returns the function that stops it once the look under way is done. */
export function keepLooking(
  { after }: Pick<Clock, 'after'>,
  { look, onError, pollMs, batchPauseMs }: Looking,
): () => Promise<void> {
  const leaving = new AbortController()
  const sleep = (ms: number): Promise<void> =>
    new Promise(resolve => {
      const end = (): void => {
        leaving.signal.removeEventListener('abort', end)
        cancel()
        resolve()
      }
      const cancel = after(ms, end)
      leaving.signal.addEventListener('abort', end)
    })

  async function run(): Promise<void> {
    let failedPauseMs = pollMs
    while (!leaving.signal.aborted) {
      let pauseMs = failedPauseMs
      try {
        pauseMs = (await look()) ? batchPauseMs : pollMs
        failedPauseMs = pollMs
      } catch (error) {
        onError(error)
        failedPauseMs = Math.min(2 * failedPauseMs, failedPauseMsMax)
      }
      if (!leaving.signal.aborted) await sleep(pauseMs)
    }
  }
  const running = run()
  return () => {
    leaving.abort()
    return running
  }
}
