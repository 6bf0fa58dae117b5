/**
 * Reduces a failing seed to the fewest faults that still make it fail in the same way: without each
 * kind of fault in turn, with fewer customers, and no longer than needed. Greedy and bounded. A
 * failure that needs a coincidence may not shrink at all.
 */
import type { FaultKind } from '../../engine/sim/faults.ts'
import { simulate, type RunOptions, type RunResult } from './run.ts'

const customersTried = [1, 2, 3] as const

export interface Shrunk {
  options: RunOptions
  result: RunResult
  runs: number
}

/** `tried` is called for every run. */
export async function shrink(
  options: RunOptions,
  failed: RunResult,
  tried: (what: string, stillFails: boolean) => void,
): Promise<Shrunk> {
  const best: Shrunk = { options, result: failed, runs: 0 }
  const attempt = async (what: string, change: Partial<RunOptions>): Promise<boolean> => {
    const changed = { ...best.options, ...change }
    const result = await simulate(changed)
    best.runs++
    const stillFails = result.violation?.rule === failed.violation!.rule
    tried(what, stillFails)
    if (stillFails) Object.assign(best, { options: changed, result })
    return stillFails
  }
  // Faults after the failure do not matter. A failure after the faults needs all of them.
  const atHours = failed.counts.simulatedHours
  if (atHours < options.hours)
    best.options = { ...options, hours: Math.ceil(atHours * 1_000 + 1) / 1_000 }
  const counted = failed.faults.filter(([, count]) => count > 0)
  for (const [kind] of counted.toSorted(([, a], [, b]) => b - a))
    await attempt(`without ${kind}`, {
      without: new Set<FaultKind>([...(best.options.without ?? []), kind]),
    })
  for (const customers of customersTried)
    if (await attempt(`with ${customers} customers`, { customers })) break
  for (
    let hours = best.options.hours / 2;
    hours > 0.02 && (await attempt(`${hours.toFixed(3)} hours`, { hours }));
    hours /= 2
  );
  return best
}
