/**
 * Work that is counted and not timed: V8 counts how often each block of code runs, so the result is
 * the same on every machine. Regular expressions are code of V8's own, which V8 does not count.
 */
import { Session } from 'node:inspector/promises'
import type { Test } from 'tap'

/** Bound of the growth of linear work, with room for what V8 does once; a square would be 4. */
export const growthMax = 2.4

/** Starts the count; the result tells how the work of a call grows with its size. */
export async function startCounting(t: Test) {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  t.teardown(() => session.disconnect())

  /** The number of blocks of code that ran. A refusal counts like an answer. */
  async function workOf(run: () => unknown): Promise<number> {
    await session.post('Profiler.takePreciseCoverage')
    try {
      await run()
    } catch {
      /* The work up to the refusal is counted. */
    }
    const { result } = await session.post('Profiler.takePreciseCoverage')
    return result.reduce(
      (sum, { functions }) =>
        sum +
        functions.reduce(
          (of, { ranges }) => of + ranges.reduce((all, { count }) => all + count, 0),
          0,
        ),
      0,
    )
  }

  /**
   * The ratio of the work for twice the size to the work for the size. The work for size 1 is left
   * out of both.
   */
  return async function grows(
    make: (size: number) => () => unknown,
    size: number,
  ): Promise<number> {
    const [small, one, two] = [
      await workOf(make(1)),
      await workOf(make(size)),
      await workOf(make(size * 2)),
    ]
    return Math.max(0, two - small) / Math.max(2_000, one - small)
  }
}
