/** Something to do again and again, with a pause between the end of one round and the beginning of the next. */
import type { Env } from '../../protocol/kernel/env.ts'

/** `round` may fail: the failure goes to `failed` and the next round comes all the same. Returns the way to stop. */
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
