/** How a run looks in a terminal: a line a measure, and a progress bar with the time that is left. */
import type { BenchRecord } from './results.ts'
import { plain, showCpu, showRatio, showValue, summarize } from './summary.ts'

const nameWidth = 54
const valueWidth = 22
const barWidth = 24

export function benchLines(bench: BenchRecord): string[] {
  const head = `${bench.name}: ${bench.title}${bench.group === 'micro' ? '' : ` (${bench.mode})`}`
  if (bench.skipped !== undefined) return [`${head}\n  skipped: ${bench.skipped}`]
  return [
    head,
    ...bench.measures.flatMap(measure => {
      const { value, p99, spread, ratio, goals, cpuSecondsPerUnit, generatorShare } = summarize(measure)
      const shown = p99 === undefined ? showValue(value, measure.unit) : `p50 ${plain(value)} p99 ${plain(p99)} ms`
      const verdict = goals.map(goal => `${goal.text} ${goal.met ? '✓' : '✗'}`).join('  ')
      const line = `  ${measure.name.padEnd(nameWidth)} ${shown.padStart(valueWidth)}  ± ${(spread * 50).toFixed(0).padStart(2)} %  ${ratio === undefined ? '' : showRatio(ratio)}${verdict === '' ? '' : `  ${verdict}`}`.trimEnd()
      const more = [
        ...(cpuSecondsPerUnit === undefined ? [] : [showCpu(cpuSecondsPerUnit)]),
        ...(generatorShare === undefined ? [] : [`generator at ${(generatorShare * 100).toFixed(0)} % of its ceiling`]),
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

/** `[######------]  7/24  index-move: round 2 of 5  4:10 left`. */
export class Progress {
  readonly #total: number
  readonly #beganMs = performance.now()
  #done = 0

  /** Steps to come: the opening and the rounds of every bench. */
  constructor(total: number) { this.#total = total }

  /** That many steps are done, of those counted at the beginning. */
  reach(done: number): void { this.#done = Math.max(this.#done, Math.min(done, this.#total)) }

  text(what: string): string {
    const filled = Math.round(barWidth * this.#done / this.#total)
    const elapsedMs = performance.now() - this.#beganMs
    // Steps are not equally long: after a tenth of them the guess begins to be worth showing.
    const left = this.#done * 10 < this.#total ? '' : `  about ${clock(elapsedMs / this.#done * (this.#total - this.#done))} left`
    return `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}] ${this.#done}/${this.#total}  ${what}${left}`
  }
}

const clock = (ms: number): string => `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1_000) % 60).padStart(2, '0')}`
