/**
 * Figures of groups of observations, and the hiding of small groups. A figure of fewer than five
 * people is hidden. The cells of a table add up to its total, so a reader could subtract the shown
 * cells from the total. So the hidden cells together have five people or more; until they have, the
 * smallest shown cell is hidden too.
 *
 * An empty cell is shown as empty, because it is about nobody.
 */
import { insightLimits } from './limits.ts'
import type { Metric } from './metrics.ts'
import type { Observation } from './observations.ts'

export interface Figure {
  /** Null when it is hidden, empty or not measured. */
  value: number | null
  /** Number of observations; null when it is hidden or not measured. */
  count: number | null
  hidden: boolean
}
/** A metric that is not measured. */
export const unmeasured: Figure = { value: null, count: null, hidden: false }
/** A figure of nobody. */
export const empty: Figure = { value: null, count: 0, hidden: false }
const hiddenFigure: Figure = { value: null, count: null, hidden: true }

type Unit = Metric['unit']
type Counted = Pick<Observation, 'personId' | 'value'>

const peopleOf = (observations: readonly Counted[]): number =>
  new Set(observations.map(({ personId }) => personId)).size
const rounded = (value: number, places: number): number =>
  Math.round(value * 10 ** places) / 10 ** places

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function shown(unit: Unit, observations: readonly Counted[]): Figure {
  if (observations.length === 0) return empty
  const values = observations.map(({ value }) => value)
  return {
    value:
      unit === 'share'
        ? rounded(values.reduce((sum, value) => sum + value, 0) / values.length, 3)
        : rounded(median(values), 1),
    count: values.length,
    hidden: false,
  }
}

const isSmall = (observations: readonly Counted[]): boolean =>
  observations.length > 0 && peopleOf(observations) < insightLimits.peopleMin

/** The figure of all observations of a table. */
export const totalOf = (unit: Unit, observations: readonly Counted[]): Figure =>
  isSmall(observations) ? hiddenFigure : shown(unit, observations)

/** The figures of the cells that are not empty, by their key. */
export function cellsOf<O extends Counted>(
  unit: Unit,
  observations: readonly O[],
  keyOf: (observation: O) => string,
): Map<string, Figure> {
  const cells = new Map<string, O[]>()
  for (const one of observations) {
    const key = keyOf(one)
    const cell = cells.get(key)
    if (cell === undefined) cells.set(key, [one])
    else cell.push(one)
  }
  const hidden = hiddenKeys(cells)
  return new Map(
    [...cells].map(([key, own]) => [key, hidden.has(key) ? hiddenFigure : shown(unit, own)]),
  )
}

/** The keys of the cells that must be hidden, the small ones and those that protect them. */
function hiddenKeys(cells: ReadonlyMap<string, readonly Counted[]>): Set<string> {
  const hidden = new Set<string>()
  const people = new Set<string>()
  const hide = (key: string): void => {
    hidden.add(key)
    for (const { personId } of cells.get(key)!) people.add(personId)
  }
  const others: { key: string; size: number }[] = []
  for (const [key, own] of cells)
    if (isSmall(own)) hide(key)
    else others.push({ key, size: peopleOf(own) })
  others.sort((a, b) => a.size - b.size || (a.key < b.key ? -1 : 1))
  while (hidden.size > 0 && people.size < insightLimits.peopleMin && others.length > 0)
    hide(others.shift()!.key)
  return hidden
}
