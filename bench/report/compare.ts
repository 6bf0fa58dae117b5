/**
 * `compare A B`: the changes beyond the noise. Rounds of the same measure are compared by their
 * ratios to the baseline of the same round, if there is one, so that a slower machine or a busy
 * neighbour is not taken for a slower program. A change is reported when it is unlikely by chance
 * (Welch on logarithms, Holm over all measures) and large enough to matter.
 *
 * Baselines show changes of the machine. They are reported apart and do not fail the comparison.
 */
import type { Group } from '../harness/bench.ts'
import type { MeasureRecord, StoredRun } from '../harness/results.ts'
import { difference, holm, type Difference } from '../harness/statistics.ts'

/** Probability of even one false alarm in a comparison. */
const alpha = 0.01
/**
 * Smaller changes are ignored, however certain. Reruns of the same commit on a quiet machine stay
 * below.
 */
const effectMin: Record<Group | 'p99', number> = { micro: 0.1, load: 0.15, peers: 0.2, p99: 0.3 }

export interface Compared {
  bench: string
  measure: string
  /** The compared quantity: the ratio to the baseline, the plain value, or the p99. */
  of: 'ratio' | 'value' | 'p99'
  /** B over A. */
  change: Difference
  verdict: 'better' | 'worse' | 'same'
  /** Unlikely by chance, but too small to matter. */
  small: boolean
}

export interface Comparison {
  measures: Compared[]
  /** Plain values of the baselines, which describe the machine. */
  machine: Compared[]
  /** Measures in only one of the two, or with too few rounds. */
  incomparable: string[]
}

interface Series {
  bench: string
  measure: string
  group: Group
  better: 'higher' | 'lower'
  of: Compared['of']
  isBaseline: boolean
  values: number[]
}

/**
 * Compares the measures that both sides have. `effectMin` replaces the smallest change of every
 * group.
 */
export function compare(
  a: readonly StoredRun[],
  b: readonly StoredRun[],
  options: { effectMin?: number } = {},
): Comparison {
  const [left, right] = [seriesOf(a), seriesOf(b)]
  const incomparable: string[] = [...left.keys(), ...right.keys()].filter(
    key => !left.has(key) || !right.has(key),
  )
  const tested: { series: Series; change: Difference }[] = []
  for (const [key, before] of left) {
    const after = right.get(key)
    if (after === undefined) continue
    const change = difference(before.values, after.values)
    if (change === null) incomparable.push(key)
    else tested.push({ series: before, change })
  }
  const judged = (isBaseline: boolean): Compared[] => {
    const family = tested.filter(({ series }) => series.isBaseline === isBaseline)
    const certain = holm(
      family.map(({ change }) => change.p),
      alpha,
    )
    return family.map(({ series, change }, index) => {
      const { bench, measure, of, better, group } = series
      const large =
        Math.abs(Math.log(change.ratio)) >=
        Math.log(1 + (options.effectMin ?? effectMin[of === 'p99' ? 'p99' : group]))
      const verdict =
        !certain[index] || !large
          ? 'same'
          : change.ratio > 1 === (better === 'higher')
            ? 'better'
            : 'worse'
      return { bench, measure, of, change, verdict, small: certain[index]! && !large }
    })
  }
  return { measures: judged(false), machine: judged(true), incomparable }
}

/** Rounds of all runs together, by bench, mode and measure. */
function seriesOf(runs: readonly StoredRun[]): Map<string, Series> {
  const all = new Map<string, Series>()
  for (const { benches } of runs)
    for (const { name, mode, group, measures } of benches) {
      const baselines = new Set(measures.map(measure => measure.baseline))
      const bench = group === 'micro' ? name : `${name} (${mode})`
      for (const measure of measures)
        for (const [of, values] of valuesOf(measure)) {
          const key = `${bench}: ${measure.name}${of === 'p99' ? ', p99' : ''}`
          const known = all.get(key)
          if (known !== undefined) known.values.push(...values)
          else
            all.set(key, {
              bench,
              measure: measure.name,
              group,
              better: measure.better,
              of,
              isBaseline: baselines.has(measure.name),
              values,
            })
        }
    }
  return all
}

function valuesOf({ rounds, baseline }: MeasureRecord): [Compared['of'], number[]][] {
  const p99 = rounds.map(round => round.p99).filter(value => value !== undefined)
  const values: [Compared['of'], number[]] =
    baseline === undefined
      ? ['value', rounds.map(round => round.value)]
      : ['ratio', rounds.map(round => round.ratio).filter(value => value !== undefined)]
  return p99.length === 0 ? [values] : [values, ['p99', p99]]
}

/** The comparison as lines of text. */
export function comparisonLines(
  { measures, machine, incomparable }: Comparison,
  a: readonly StoredRun[],
  b: readonly StoredRun[],
): string[] {
  const changed = measures
    .filter(one => one.verdict !== 'same')
    .sort((x, y) => Math.abs(Math.log(y.change.ratio)) - Math.abs(Math.log(x.change.ratio)))
  const side = (runs: readonly StoredRun[]): string =>
    runs
      .map(
        ({ run }) =>
          `${run.id} (${run.machine.cores} × ${run.machine.cpu}, Node ${run.machine.versions['node']}, load ${run.loadAverage.toFixed(1)})`,
      )
      .join(', ')
  const sameMachine =
    new Set(
      [...a, ...b].map(
        ({
          run: {
            machine: { cpu, cores, versions },
          },
        }) => `${cpu} ${cores} ${versions['node']}`,
      ),
    ).size === 1
  const small = measures.filter(one => one.small).length
  const moved = machine.filter(one => one.verdict !== 'same')
  return [
    `A  ${side(a)}`,
    `B  ${side(b)}`,
    ...(sameMachine
      ? []
      : [
          'different machines or Node versions: only ratios say something, plain values and latencies do not',
        ]),
    '',
    ...changed.map(line),
    ...(changed.length === 0 ? ['nothing changed beyond the noise'] : []),
    `${measures.length} compared, ${changed.filter(one => one.verdict === 'worse').length} worse, ${changed.filter(one => one.verdict === 'better').length} better, ` +
      `${measures.length - changed.length} the same${small === 0 ? '' : ` (${small} of them changed by too little to matter)`}; ` +
      `the chance of one false alarm among all of them is below ${alpha * 100} %`,
    ...(moved.length === 0
      ? []
      : [
          "the machine, by the baselines' own numbers:",
          ...moved.map(one => `  ${one.bench}: ${one.measure} ${factor(one)}`),
        ]),
    ...(incomparable.length === 0
      ? []
      : [
          `not comparable (in one only, or fewer than two rounds): ${incomparable.length}`,
          ...incomparable.map(name => `  ${name}`),
        ]),
  ]
}

const line = (one: Compared): string =>
  `${one.verdict.toUpperCase().padEnd(6)} ${one.bench}: ${one.measure} ${factor(one)}${one.of === 'ratio' ? ', beside its baseline' : one.of === 'p99' ? ', p99' : ''}`
const factor = ({ change: { ratio, low, high, p } }: Compared): string =>
  `× ${ratio.toFixed(2)} (95 %: ${low.toFixed(2)} to ${high.toFixed(2)}; p ${p < 1e-4 ? p.toExponential(0) : p.toPrecision(2)})`
