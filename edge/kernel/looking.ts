/**
 * A loop that looks for work again and again and never at the same time twice. A failed look is
 * told and followed by the next one.
 */
import type { Clock } from './kernel.ts'

export interface Looking {
  /** Does the work that is there. True: there is more. */
  look(): Promise<boolean>
  onError(error: unknown): void
  /** Pause after a look that found all, or failed. */
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
    while (!leaving.signal.aborted) {
      const more = await look().catch((error: unknown) => {
        onError(error)
        return false
      })
      if (!leaving.signal.aborted) await sleep(more ? batchPauseMs : pollMs)
    }
  }
  const running = run()
  return () => {
    leaving.abort()
    return running
  }
}
