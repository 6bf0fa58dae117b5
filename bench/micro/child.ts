/**
 * One round of a micro suite, with tinybench. Cases take turns, and the median of the turns counts,
 * so that a machine that slows down half-way slows all cases alike. Rejected: one long tinybench
 * run. It measures case after case, and drift becomes a ratio.
 *
 * BENCH_SLOW=CASE:FACTOR makes a case do its work FACTOR times. With this deliberate regression a
 * test shows that `compare` finds one.
 */
import { Bench } from 'tinybench'
import { startProfile } from '../rigs/profile.ts'
import { median } from '../harness/statistics.ts'
import type { MicroOrder, MicroReport } from './bench.ts'
import type { MicroCase, MicroSuite } from './suite.ts'

const order = JSON.parse(process.argv[2]!) as MicroOrder
const turns = 3
/** Warm means compiled. A case of a few milliseconds a run needs some dozens of runs for it. */
const [turnMs, warmUpMs] = order.quick ? [25, 80] : [60, 200]

async function operationsPerSecond(micro: MicroCase, timeMs: number): Promise<number> {
  const bench = new Bench({ time: timeMs, iterations: 3, warmup: false, throws: true })
  bench.add('case', micro.run)
  const [task] = await bench.run()
  const result = task!.result
  if (!('latency' in result)) throw new Error(`benchmark did not complete: ${result.state}`)
  return (micro.operationsPerRun * 1000) / result.latency.mean
}

function slowed(name: string, micro: MicroCase): MicroCase {
  const [slow, factor] = process.env['BENCH_SLOW']?.split(':') ?? []
  if (slow !== name) return micro
  return {
    ...micro,
    async run() {
      for (let time = 0; time < Number(factor); time++) await micro.run()
    },
  }
}

// The terminal signals the whole group, but the parent decides when to stop.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit(1))
const { suite } = (await import(new URL(`./${order.suite}.bench.js`, import.meta.url).href)) as {
  suite: MicroSuite
}
const cases = Object.entries(await suite.cases({ url: name => order.services[name]! })).map(
  ([name, micro]) => [name, slowed(name, micro)] as const,
)
if (!cases.some(([name]) => name === suite.baseline))
  throw new Error(`suite ${suite.name} has no case ${suite.baseline}`)
for (const [, micro] of cases) await operationsPerSecond(micro, warmUpMs)

const endProfile = order.profilePath === null ? null : await startProfile()
const rates = new Map<string, number[]>(cases.map(([name]) => [name, []]))
for (let turn = 0; turn < turns; turn++)
  for (const [name, micro] of cases) rates.get(name)!.push(await operationsPerSecond(micro, turnMs))
await endProfile?.(order.profilePath!)

const report: MicroReport = {
  cases: cases.map(([name, { baseline = suite.baseline, goal }]) => ({
    measure: {
      name,
      unit: 'operations/s',
      better: 'higher',
      ...(goal !== undefined && { goal }),
      ...(baseline !== null && baseline !== name && { baseline }),
    },
    value: median(rates.get(name)!),
  })),
}
process.send!(report, () => process.exit(0))
