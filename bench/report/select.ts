/**
 * Finds the results that a word of the command line names: a file, the id of a run, or a commit.
 */
import { existsSync, statSync } from 'node:fs'
import { readRun, storedRuns, type StoredRun } from '../harness/results.ts'
import { UsageError } from '../harness/options.ts'

const listedMax = 10
const commitCharactersMin = 4

/**
 * All runs of a commit, oldest first; the one run of a file or id. Throws UsageError when there is
 * none.
 */
export function selectRuns(word: string, folder?: string): StoredRun[] {
  if (existsSync(word) && statSync(word).isFile()) return [readRun(word)]
  const runs = storedRuns(folder)
  const byId = runs.filter(({ run }) => run.id === word)
  if (byId.length > 0) return byId
  const byCommit =
    word.length < commitCharactersMin
      ? []
      : runs.filter(({ run }) =>
          run.machine.commit.startsWith(word.slice(0, run.machine.commit.length)),
        )
  if (byCommit.length > 0) return byCommit
  const known = runs
    .slice(-listedMax)
    .map(({ run }) => `  ${run.id}`)
    .join('\n')
  throw new UsageError(
    `"${word}" is no file, run or commit with results${known === '' ? '; there are none yet' : `; the latest are\n${known}`}`,
  )
}

/**
 * The runs of a report without arguments: the full runs of the newest commit that has any, or else
 * the newest run.
 */
export function latestRuns(runs: readonly StoredRun[]): StoredRun[] {
  const full = runs.filter(({ run }) => run.id.startsWith('full-'))
  const newest = full.at(-1)
  return newest === undefined
    ? runs.slice(-1)
    : full.filter(({ run }) => run.machine.commit === newest.run.machine.commit)
}
