/** Repeats a job, with a pause between the end of one round and the start of the next. */
import type { Env } from '../../protocol/kernel/env.ts'

/**
 * A failure of `round` goes to `failed`, and the next round still comes. Returns the function that
 * stops it.
 */
export function repeat(
  env: Env,
  pauseMs: number,
  round: () => void | Promise<void>,
  failed: (error: unknown) => void,
): () => void {
  let stopped = false
  let cancel = (): void => {}
  const arm = (): void => {
    cancel = env.after(pauseMs, async () => {
      try {
        await round()
      } catch (error) {
        failed(error)
      }
      if (!stopped) arm()
    })
  }
  arm()
  return () => {
    stopped = true
    cancel()
  }
}
