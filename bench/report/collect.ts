/**
 * Collects the content of a report from stored runs: the latest record of each bench and mode, its
 * summary, its history.
 */
import type { BenchRecord, MeasureRecord, StoredRun } from '../harness/results.ts'
import { summarize, type Summary } from '../harness/summary.ts'

export interface Row {
  bench: BenchRecord
  measure: MeasureRecord
  summary: Summary
}

/**
 * The record of each bench and mode that the latest run made. A record without measures, with an
 * error or of an interrupted run does not replace an earlier one.
 */
export function latestBenches(runs: readonly StoredRun[]): BenchRecord[] {
  const latest = new Map<string, BenchRecord>()
  for (const { benches } of runs)
    for (const bench of benches) {
      const key = `${bench.name} ${bench.mode}`
      const usable =
        bench.measures.length > 0 && bench.interrupted !== true && bench.error === undefined
      if (usable || !latest.has(key)) latest.set(key, bench)
    }
  return [...latest.values()]
}

/** A row for each measure of the benches. */
export const rowsOf = (benches: readonly BenchRecord[]): Row[] =>
  benches.flatMap(bench =>
    bench.measures.map(measure => ({ bench, measure, summary: summarize(measure) })),
  )

/** The title. Micro benches have no server, so the mode is left out for them. */
export const benchTitle = ({ name, group, mode }: BenchRecord): string =>
  group === 'micro' ? name : `${name}, ${mode}`

export interface History {
  name: string
  unit: string
  points: { run: StoredRun; value: number }[]
}

/**
 * Medians over time of every measure with two runs or more: ratios to the baseline if there are
 * any, otherwise values. Baselines themselves are left out. The caller must not mix quick runs with
 * full ones.
 */
export function histories(runs: readonly StoredRun[]): History[] {
  const all = new Map<string, History>()
  for (const run of runs)
    for (const { bench, measure, summary } of rowsOf(run.benches)) {
      const name = `${benchTitle(bench)}: ${measure.name}`
      const { ratio, value } = summary
      if (bench.measures.some(other => other.baseline === measure.name)) continue
      const history = all.get(name) ?? {
        name,
        unit: ratio === undefined ? measure.unit : `× ${measure.baseline}`,
        points: [],
      }
      history.points.push({ run, value: ratio?.median ?? value })
      all.set(name, history)
    }
  return [...all.values()].filter(({ points }) => points.length > 1)
}
