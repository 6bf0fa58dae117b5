/**
 * Hours of a deployment, with its people and its faults, that the simulator runs in an hour of CPU
 * time.
 */
import type { Bench, Measure } from '../harness/bench.ts'
import { simulate } from '../sim/run.ts'

const goal = { value: 1_000 }
const usual = { name: 'usual faults', unit: 'h/CPU h', better: 'higher', goal } satisfies Measure
const hostile = { name: 'hostile', unit: 'h/CPU h', better: 'higher', goal } satisfies Measure

export const bench: Bench = {
  name: 'simulator',
  group: 'load',
  title: 'simulated hours in an hour of CPU time',
  rounds: { full: 6, quick: 2 },
  open: async context => async round => {
    for (const measure of [usual, hostile]) {
      const {
        counts: { simulatedHours, cpuSeconds, steps },
        violation,
      } = await simulate({ seed: round + 1, hours: 1, hostile: measure === hostile })
      context.check(
        violation === null,
        `seed ${round + 1}, ${measure.name}: ${violation?.rule} ${violation?.what}`,
      )
      context.sample(measure, {
        value: (simulatedHours / cpuSeconds) * 3600,
        note: `${Math.round(steps / simulatedHours / 1000)}k steps an hour`,
      })
    }
  },
}
