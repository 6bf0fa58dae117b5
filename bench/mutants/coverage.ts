/**
 * Learns which test passes which mutant, from one run of a test file without any active mutant,
 * when it is first asked. The result is kept until a file that the test can reach changes.
 * Rejected: a run of every test file before the first trial, because most mutants are caught by a
 * test beside them.
 */
import { createHash } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Mutant } from './mutants.ts'
import { runTest, type Workshop } from './workshop.ts'

export interface TestCoverage {
  tookMs: number
  mutantIds: ReadonlySet<number>
}

/** The stored result of a test: the ordinals of the mutants that it passes, by file. */
interface Kept {
  tookMs: number
  passed: Record<string, number[]>
}

/** A test file that takes longer than this without a mutant is left out, as a failing one is. */
const timeoutMs = 10 * 60_000

export class Coverage {
  readonly #workshop: Workshop
  readonly #folder: string
  readonly #told: (line: string) => void
  readonly #asked = new Map<string, Promise<TestCoverage | null>>()
  readonly #known = new Map<string, Kept>()
  readonly #byId: ReadonlyMap<number, Mutant>

  /** `folder` keeps results between runs. `told` is called for every run of a test file. */
  constructor(workshop: Workshop, folder: string, told: (line: string) => void) {
    this.#workshop = workshop
    this.#folder = folder
    this.#told = told
    this.#byId = new Map(workshop.mutants.map(mutant => [mutant.id, mutant]))
    mkdirSync(folder, { recursive: true })
  }

  /** Null when the test fails without a mutant, because it then proves nothing. */
  of(test: string): Promise<TestCoverage | null> {
    let asked = this.#asked.get(test)
    if (asked === undefined) {
      asked = this.#read(test) ?? this.#measure(test)
      this.#asked.set(test, asked)
    }
    return asked
  }

  /** Time without a mutant, ms; undefined when it is not known yet. */
  tookMs(test: string): number | undefined {
    return this.#kept(test)?.tookMs
  }

  #fileOf(test: string): string {
    return join(
      this.#folder,
      createHash('sha256')
        .update(`${test} ${this.#workshop.imports.fingerprint(test)}`)
        .digest('hex')
        .slice(0, 32),
    )
  }

  #read(test: string): Promise<TestCoverage> | null {
    const kept = this.#kept(test)
    if (kept === null) return null
    const passed = new Map(
      Object.entries(kept.passed).map(([file, ordinals]) => [file, new Set(ordinals)]),
    )
    const mutantIds = this.#workshop.mutants
      .filter(({ file, ordinal }) => passed.get(file)?.has(ordinal))
      .map(({ id }) => id)
    return Promise.resolve({ tookMs: kept.tookMs, mutantIds: new Set(mutantIds) })
  }

  #kept(test: string): Kept | null {
    let kept = this.#known.get(test)
    if (kept === undefined) {
      try {
        kept = JSON.parse(readFileSync(this.#fileOf(test), 'utf8')) as Kept
      } catch {
        return null
      }
      this.#known.set(test, kept)
    }
    return kept
  }

  async #measure(test: string): Promise<TestCoverage | null> {
    const folder = mkdtempSync(join(this.#workshop.folder, 'coverage-'))
    const { passed, tookMs } = await runTest(
      this.#workshop,
      test,
      { MUTANT_COVERAGE_FOLDER: folder },
      timeoutMs,
    )
    const mutantIds = new Set(
      readdirSync(folder).flatMap(name =>
        readFileSync(join(folder, name), 'utf8').split(' ').filter(Boolean).map(Number),
      ),
    )
    rmSync(folder, { recursive: true, force: true })
    this.#told(
      `${test}  ${(tookMs / 1000).toFixed(1)} s${passed ? '' : '  fails without a mutant: left out'}`,
    )
    if (!passed) return null
    const kept: Kept = { tookMs, passed: {} }
    for (const id of mutantIds) {
      const mutant = this.#byId.get(id)
      if (mutant !== undefined) (kept.passed[mutant.file] ??= []).push(mutant.ordinal)
    }
    const file = this.#fileOf(test)
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(kept))
    renameSync(`${file}.${process.pid}`, file)
    return { tookMs, mutantIds }
  }
}
