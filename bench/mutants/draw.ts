/** Draws the mutants of one run by a seed, each with the same probability. */
import { seededRandom } from '../../protocol/kernel/chance.ts'

/** The first `count` of a shuffle (Fisher and Yates, from the front). */
export function draw<T>(all: readonly T[], count: number, seed: number): T[] {
  const random = seededRandom(seed)
  const items = [...all]
  const wanted = Math.min(count, items.length)
  for (let i = 0; i < wanted; i++) {
    const j = i + Math.floor(random() * (items.length - i))
    ;[items[i], items[j]] = [items[j]!, items[i]!]
  }
  return items.slice(0, wanted)
}
