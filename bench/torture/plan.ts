/**
 * Starts faults, one after the other and some at once, drawn from a seed, until `end`; then heals
 * all. The same seed draws the same faults in the same order. But a fault is skipped when too many
 * act or its target has one already, and effects depend on the machine, so runs differ.
 */
import type { Chance } from '../../protocol/kernel/chance.ts'
import type { Deployment } from '../../protocol/testing/deployment.ts'
import type { Fault } from './faults.ts'

export interface Plan {
  /** Number of times that each fault was started. */
  readonly counts: ReadonlyMap<string, number>
  /** Faults that act now. */
  readonly acting: ReadonlySet<string>
  /** Starts no further fault. Resolves when every target is healed. */
  end(): Promise<void>
}

const atOnceMax = 2
const gapMsMin = 100
const gapMsMax = 2_500

/** Begins to start faults. `say` gets the faults that failed themselves. */
export function beginFaults(
  deployment: Deployment,
  faults: readonly Fault[],
  chance: Chance,
  say: (line: string) => void,
): Plan {
  const counts = new Map<string, number>()
  const acting = new Set<string>()
  const held = new Set<string>()
  const running = new Set<Promise<void>>()
  const life = new AbortController()

  const strike = async (
    fault: Fault,
    targets: readonly string[],
    run: () => Promise<void>,
  ): Promise<void> => {
    const what = `${fault.name}: ${targets.join(' ')}`
    counts.set(fault.name, (counts.get(fault.name) ?? 0) + 1)
    for (const target of targets) held.add(target)
    acting.add(what)
    try {
      await run()
    } catch (error) {
      say(`fault "${what}" failed: ${String(error)}`)
    }
    acting.delete(what)
    for (const target of targets) held.delete(target)
  }

  let strikes = 0
  const loop = (async () => {
    while (!life.signal.aborted) {
      const fault = chance.weighted(faults)
      const { targets, run } = fault.target(deployment, chance.fork(`fault ${++strikes}`))
      if (running.size < atOnceMax && targets.every(target => !held.has(target))) {
        const one: Promise<void> = strike(fault, targets, run).finally(() => running.delete(one))
        running.add(one)
      }
      await new Promise<void>(resolve => {
        setTimeout(resolve, chance.between(gapMsMin, gapMsMax))
      })
    }
  })()

  return {
    counts,
    acting,
    async end() {
      life.abort()
      await loop
      await Promise.all(running)
    },
  }
}
