/**
 * Runs the micro suites of this folder with tinybench. Cases take turns, round after round, and
 * ratios are taken within a round: a machine that slows down half-way slows all of them alike.
 * Why not one long tinybench run: it measures case after case, and drift becomes a ratio.
 */
import { readdir } from 'node:fs/promises'
import { Bench } from 'tinybench'
import type { MicroCase, MicroResult, MicroSuite } from './suite.ts'

const folder = new URL('.', import.meta.url)

/** Every suite of the folder, by file name. */
async function loadSuites(): Promise<MicroSuite[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.bench.js')).sort()
  const modules = await Promise.all(files.map((file) => import(new URL(file, folder).href) as Promise<{ suite: MicroSuite }>))
  return modules.map((module) => module.suite)
}

export const microSuites = async (): Promise<string[]> => (await loadSuites()).map((suite) => suite.name)

/** Runs the suite of that name; `quick` trades spread for time. One that cannot run here is skipped with its reason. */
export async function runMicro(name: string, quick: boolean, skipped: (reason: string) => void): Promise<MicroResult[]> {
  const suite = (await loadSuites()).find((suite) => suite.name === name)
  if (suite === undefined) throw new Error(`there is no suite ${name}`)
  const reason = suite.skip?.() ?? null
  if (reason === null) return runSuite(suite, quick ? 3 : 7, quick ? 50 : 300)
  skipped(reason)
  return []
}

async function runSuite(suite: MicroSuite, rounds: number, roundMs: number): Promise<MicroResult[]> {
  const cases = Object.entries(await suite.cases())
  const rates = new Map<string, number[]>(cases.map(([name]) => [name, []]))
  for (const [, micro] of cases) await operationsPerSecond(micro, roundMs / 2)
  for (let round = 0; round < rounds; round++) {
    for (const [name, micro] of cases) rates.get(name)!.push(await operationsPerSecond(micro, roundMs))
  }
  const baseline = rates.get(suite.baseline)
  if (baseline === undefined) throw new Error(`suite ${suite.name} has no case ${suite.baseline}`)
  return cases.map(([name]) => {
    const measured = rates.get(name)!
    const middle = median(measured)
    return {
      suite: suite.name,
      case: name,
      operationsPerSecond: middle,
      spread: (Math.max(...measured) - Math.min(...measured)) / middle,
      ratioToBaseline: median(measured.map((rate, round) => rate / baseline[round]!)),
    }
  })
}

async function operationsPerSecond(micro: MicroCase, timeMs: number): Promise<number> {
  const bench = new Bench({ time: timeMs, iterations: 3, warmup: false, throws: true })
  bench.add('case', micro.run)
  const [task] = await bench.run()
  const result = task!.result
  if (!('latency' in result)) throw new Error(`benchmark did not complete: ${result.state}`)
  return (micro.operationsPerRun * 1000) / result.latency.mean
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
