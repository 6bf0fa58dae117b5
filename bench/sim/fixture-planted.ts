/**
 * The tests of planted bugs: each is caught within `seedsMax` seeds. The seeds that catch a bug change
 * with the engine. The seed that caught it last is tried first, to save the time of the others.
 */
import type { Test } from 'tap'
import { bugs } from './bugs/index.ts'
import { simulate } from './run.ts'

const seedsMax = 20
const planted = Object.entries(bugs).filter(([, { seed }]) => seed !== null)

/** Adds the tests of one part of the bugs, so that no file takes too long on a busy machine. */
export function plantedBugs(t: Test, part: number, parts: number): void {
  // The tests need little CPU time, but on a busy machine they take long.
  t.setTimeout(600_000)
  for (const [name, bug] of planted.filter((_, i) => i % parts === part))
    t.test(`caught: ${bug.about}`, async t => {
      const others: string[] = []
      for (const seed of [
        bug.seed!,
        ...Array.from({ length: seedsMax - 1 }, (_, i) => i + 1).filter(seed => seed !== bug.seed),
      ]) {
        const { violation } = await simulate({ seed, hours: 0.3, bug, hostile: true })
        if (violation?.rule === bug.rule)
          return t.pass(`${name} by seed ${seed}: ${violation.rule} ${violation.what}`)
        // Another rule may notice a consequence of the bug first.
        if (violation !== null) others.push(violation.rule)
      }
      t.fail(
        `${name} was not noticed by ${bug.rule} in ${seedsMax} seeds, but by ${others.join(', ') || 'nothing'}`,
      )
    })
}
