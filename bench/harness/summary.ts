/**
 * Summarises the rounds of a measure into the numbers that the terminal, the report, the README and
 * `compare` show.
 */
import type { MeasureRecord } from './results.ts'
import { median, spread } from './statistics.ts'

export interface Summary {
  /** Median over rounds; of latencies, the median p50. NaN when nothing was measured. */
  value: number
  /** (largest - smallest) / median of the rounds. */
  spread: number
  /** Median of the rounds' p99; latencies only. */
  p99?: number
  /** Median, smallest and largest ratio of the rounds to their baseline. */
  ratio?: { median: number; min: number; max: number }
  cpuSecondsPerUnit?: number
  /**
   * The largest of the rounds, because one round at the generator's ceiling already spoils the
   * result.
   */
  generatorShare?: number
  /**
   * One entry for each bound of the goal: the bound, whether it was met, and the decision record
   * that explains a miss.
   */
  goals: { text: string; met: boolean; why?: string }[]
}

/** The numbers of a measure over its rounds, and the verdicts on its goal. */
export function summarize(measure: MeasureRecord): Summary {
  const { rounds, goal = {}, better, unit } = measure
  const of = (name: 'p99' | 'ratio' | 'cpuSecondsPerUnit' | 'generatorShare'): number[] =>
    rounds.map(round => round[name]).filter(value => value !== undefined)
  const values = rounds.map(round => round.value)
  const ratios = of('ratio')
  const summary: Summary = { value: median(values), spread: spread(values), goals: [] }
  if (of('p99').length > 0) summary.p99 = median(of('p99'))
  if (ratios.length > 0)
    summary.ratio = { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }
  if (of('cpuSecondsPerUnit').length > 0)
    summary.cpuSecondsPerUnit = median(of('cpuSecondsPerUnit'))
  if (of('generatorShare').length > 0) summary.generatorShare = Math.max(...of('generatorShare'))

  // A missing measurement does not meet the goal: NaN compares false both ways.
  const bound = (text: string, reached: number, wanted: number): void => {
    const met = better === 'higher' ? reached >= wanted : reached <= wanted
    summary.goals.push({ text, met, ...(!met && goal.why !== undefined && { why: goal.why }) })
  }
  const sign = better === 'higher' ? '≥' : '≤'
  if (goal.ratio !== undefined)
    bound(`${sign} ${goal.ratio} ×`, summary.ratio?.median ?? Number.NaN, goal.ratio)
  if (goal.value !== undefined)
    bound(`${sign} ${showValue(goal.value, unit)}`, summary.value, goal.value)
  if (goal.p50Ms !== undefined) bound(`p50 ≤ ${goal.p50Ms} ms`, summary.value, goal.p50Ms)
  if (goal.p99Ms !== undefined)
    bound(`p99 ≤ ${goal.p99Ms} ms`, summary.p99 ?? Number.NaN, goal.p99Ms)
  return summary
}

/** `1.43 M frames/s`, `5.21 ms`. */
export const showValue = (value: number, unit: string): string =>
  Number.isNaN(value)
    ? 'not measured'
    : /\/(CPU )?s$/.test(unit)
      ? `${scaled(value)}${unit}`
      : `${plain(value)} ${unit}`

/** `× 0.62 (0.58 to 0.66)`. */
export const showRatio = ({
  median,
  min,
  max,
}: {
  median: number
  min: number
  max: number
}): string => `× ${plain(median)} (${plain(min)} to ${plain(max)})`

/** Three significant digits. */
export function plain(value: number): string {
  const size = Math.abs(value)
  return size >= 100
    ? value.toFixed(0)
    : size >= 10
      ? value.toFixed(1)
      : size >= 1
        ? value.toFixed(2)
        : Number(value.toPrecision(2)).toString()
}

const scaled = (value: number): string =>
  value >= 1e6
    ? `${plain(value / 1e6)} M `
    : value >= 1e4
      ? `${plain(value / 1e3)} k `
      : `${plain(value)} `

/** Processor time of one unit: `1.25 µs of CPU`. */
export const showCpu = (seconds: number): string =>
  `${seconds >= 1e-3 ? `${plain(seconds * 1e3)} ms` : `${plain(seconds * 1e6)} µs`} of server CPU each`
