/**
 * Stored results: one file of JSON lines for each run, in `bench/results/`. The first line
 * describes the machine and the run. Each bench then adds a line as it ends, so that an interrupted
 * run keeps its results. Every round is kept and not only a mean: `compare` needs them, and a
 * reader can check them.
 *
 * The prefix of the name tells the kind of run. `full-` is the whole suite, worth committing when
 * the machine was quiet. `part-` and `quick-` are for a look, and git ignores them.
 */
import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import type { Group, Measure, Mode } from './bench.ts'
import type { Machine } from './machine.ts'

export const resultsFolder = fileURLToPath(assetUrl('bench/results/'))
const version = 1

export interface RunRecord {
  type: 'run'
  v: number
  id: string
  /** RFC 3339. */
  at: string
  machine: Machine
  mode: Mode
  settings: { quick: boolean; benches: string[]; rounds: number | null; url: string | null }
  loadAverage: number
}

export interface RoundRecord {
  /** In the unit of the measure; the p50 of latencies. */
  value: number
  p99?: number
  /** Ratio to the baseline of the same round. */
  ratio?: number
  cpuSecondsPerUnit?: number
  generatorShare?: number
  note?: string
}

export interface MeasureRecord extends Measure {
  rounds: RoundRecord[]
  /** All rounds together: the count, and `[percent, ms]` from fast to slow. */
  latency?: { count: number; percentiles: [number, number][] }
}

export interface BenchRecord {
  type: 'bench'
  name: string
  group: Group
  title: string
  mode: Mode
  at: string
  seconds: number
  loadAverage: number
  measures: MeasureRecord[]
  /** Checks that failed. */
  broken: string[]
  skipped?: string
  error?: string
  interrupted?: boolean
  profiles?: string[]
}

export interface StoredRun {
  path: string
  run: RunRecord
  benches: BenchRecord[]
}

/** Writes the lines of a run as they come. */
export class ResultsFile {
  readonly path: string

  constructor(run: RunRecord, folder: string = resultsFolder) {
    mkdirSync(folder, { recursive: true })
    this.path = join(folder, `${run.id}.jsonl`)
    this.#line(run)
  }

  add(bench: BenchRecord): void {
    this.#line(bench)
  }

  #line(record: object): void {
    appendFileSync(this.path, `${JSON.stringify(record)}\n`)
  }
}

/** `full-20261120-202100-7dd6bd71ab`: sorts by kind and time, and names the commit. */
export function runId(kind: 'full' | 'part' | 'quick', at: Date, commit: string): string {
  const [day, time] = at.toISOString().slice(0, 19).split('T') as [string, string]
  return `${kind}-${day.replaceAll('-', '')}-${time.replaceAll(':', '')}-${commit}`
}

/** The first line of the results of a run. */
export const newRun = (run: Omit<RunRecord, 'type' | 'v'>): RunRecord => ({
  type: 'run',
  v: version,
  ...run,
})

/** Throws, with the file and line, when the file is not a run that this version wrote. */
export function readRun(path: string): StoredRun {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter(line => line.trim() !== '')
  let run: RunRecord | null = null
  const benches: BenchRecord[] = []
  for (const [index, line] of lines.entries()) {
    let record: RunRecord | BenchRecord
    try {
      record = JSON.parse(line) as RunRecord | BenchRecord
    } catch {
      throw new Error(`${path}:${index + 1}: not JSON`)
    }
    if (record.type === 'run') {
      if (record.v !== version)
        throw new Error(
          `${path}:${index + 1}: results of version ${record.v}; this suite reads version ${version}`,
        )
      run = record
    } else benches.push(record)
  }
  if (run === null) throw new Error(`${path}: has no line that says where it was measured`)
  return { path, run, benches }
}

/** Every run in the folder, oldest first. */
export function storedRuns(folder: string = resultsFolder): StoredRun[] {
  let names: string[]
  try {
    names = readdirSync(folder).filter(name => name.endsWith('.jsonl'))
  } catch {
    return []
  }
  return names
    .map(name => readRun(join(folder, name)))
    .sort((a, b) => a.run.at.localeCompare(b.run.at))
}
