/**
 * Shows a run in a terminal: a line for each measure, and a progress bar with the remaining time.
 */
import type { BenchRecord } from './results.ts'
import { plain, showCpu, showRatio, showValue, summarize } from './summary.ts'

const nameWidth = 54
const valueWidth = 22
const barWidth = 24

/** The results of a bench as lines of text. */
export function benchLines(bench: BenchRecord): string[] {
  const head = `${bench.name}: ${bench.title}${bench.group === 'micro' ? '' : ` (${bench.mode})`}`
  if (bench.skipped !== undefined) return [`${head}\n  skipped: ${bench.skipped}`]
  return [
    head,
    ...bench.measures.flatMap(measure => {
      const { value, p99, spread, ratio, goals, cpuSecondsPerUnit, generatorShare } =
        summarize(measure)
      const shown =
        p99 === undefined
          ? showValue(value, measure.unit)
          : `p50 ${plain(value)} p99 ${plain(p99)} ms`
      const verdict = goals.map(goal => `${goal.text} ${goal.met ? '✓' : '✗'}`).join('  ')
      const line =
        `  ${measure.name.padEnd(nameWidth)} ${shown.padStart(valueWidth)}  ± ${(spread * 50).toFixed(0).padStart(2)} %  ${ratio === undefined ? '' : showRatio(ratio)}${verdict === '' ? '' : `  ${verdict}`}`.trimEnd()
      const more = [
        ...(cpuSecondsPerUnit === undefined ? [] : [showCpu(cpuSecondsPerUnit)]),
        ...(generatorShare === undefined
          ? []
          : [`generator at ${(generatorShare * 100).toFixed(0)} % of its ceiling`]),
        ...(measure.rounds.at(-1)?.note === undefined ? [] : [measure.rounds.at(-1)!.note!]),
      ]
      return more.length === 0 ? [line] : [line, `      ${more.join('; ')}`]
    }),
    ...bench.broken.map(what => `  BROKEN: ${what}`),
    ...(bench.error === undefined ? [] : [`  ERROR: ${bench.error}`]),
    ...(bench.interrupted === true ? ['  interrupted'] : []),
    ...(bench.profiles ?? []).map(path => `  profile: ${path}`),
  ]
}

/** `[######------]  40 %  index-move: round 2 of 5  about 4:10 left`. */
export class Progress {
  readonly #total: number
  readonly #nowMs: () => number
  readonly #beganMs: number
  #done = 0

  /** Expected time of the whole run, in seconds. */
  constructor(total: number, nowMs = () => performance.now()) {
    this.#total = total
    this.#nowMs = nowMs
    this.#beganMs = nowMs()
  }

  /** Seconds of the expected time that are done. */
  reach(done: number): void {
    this.#done = Math.max(this.#done, Math.min(done, this.#total))
  }

  text(what: string): string {
    const share = this.#done / this.#total
    const filled = Math.round(barWidth * share)
    const elapsedSeconds = (this.#nowMs() - this.#beganMs) / 1_000
    // After a tenth of the run, the time taken so far corrects the expectation for this machine.
    const pace = share < 0.1 ? 1 : elapsedSeconds / this.#done
    return `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}] ${(share * 100).toFixed(0).padStart(3)} %  ${what}  about ${clock((this.#total - this.#done) * pace)} left`
  }
}

/** Minutes and seconds, such as `4:10`. */
export const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds) % 60).padStart(2, '0')}`
