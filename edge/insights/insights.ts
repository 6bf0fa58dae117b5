/** The insights of one week or of a series of weeks, in the shape of charts. */
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { cellsOf, empty, totalOf, unmeasured, type Figure } from './figures.ts'
import { metrics, type Metric } from './metrics.ts'
import type { InsightPharmacy, Observation } from './observations.ts'
import { daysOf, nameOf, weekdayOf, weeksBefore, type Monday } from './week.ts'

/** A figure with that of the week before. */
export interface Compared {
  now: Figure
  before: Figure
}
export interface Cell extends Compared {
  key: string
  label: string
}
export interface MetricInsight extends Compared {
  metric: string
  unit: Metric['unit']
  definition: string
  measured: boolean
  cells: Cell[]
}

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const hours = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'))

/** The ways in which a week is divided. Each divides all of it, and a week has no finer division. */
export const divisions = {
  hour: {
    keyOf: ({ hour }: Observation) => hour,
    keys: hours.map(key => ({ key, label: `${key}:00` })),
  },
  weekday: {
    keyOf: ({ date }: Observation) => String(weekdayOf(date)),
    keys: weekdays.map((label, i) => ({ key: String(i + 1), label })),
  },
  driver: {
    keyOf: ({ driverId }: Observation) => driverId ?? '',
    keys: null,
  },
  service: {
    keyOf: ({ serviceId }: Observation) => serviceId ?? '',
    keys: null,
  },
} as const
export type Division = keyof typeof divisions

/** Figures of every metric by its name. */
export type Figures = Record<string, Figure>

/** The totals of a week. */
export async function totalsOf(
  db: Kysely<Tables>,
  pharmacy: InsightPharmacy,
  week: Monday,
): Promise<Figures> {
  const totals: Figures = {}
  for (const [name, { unit, source }] of Object.entries(metrics))
    totals[name] =
      source === null ? unmeasured : totalOf(unit, await source(db, pharmacy, daysOf(week)))
  return totals
}

const described = (name: string) => {
  const { unit, definition, source } = metrics[name]!
  return { metric: name, unit, definition, measured: source !== null }
}

/** Do the observations of the metric have what the division divides by? */
export const isDivided = ({ byDriver, byService }: Metric, by: Division): boolean =>
  by === 'driver' ? byDriver : by === 'service' ? byService : true

/** A week beside the one before, divided when `by` says how. */
export async function weekInsights(
  db: Kysely<Tables>,
  pharmacy: InsightPharmacy,
  week: Monday,
  by: Division | null,
): Promise<MetricInsight[]> {
  const division = by === null ? null : divisions[by]
  const all: MetricInsight[] = []
  for (const [name, metric] of Object.entries(metrics)) {
    const { unit, source } = metric
    if (source === null) {
      all.push({ ...described(name), now: unmeasured, before: unmeasured, cells: [] })
      continue
    }
    const read = (monday: Monday) => source(db, pharmacy, daysOf(monday))
    const [now, before] = [await read(week), await read(weeksBefore(week, 1))]
    const cells: Cell[] = []
    if (by !== null && division !== null && isDivided(metric, by)) {
      const [nowCells, beforeCells] = [now, before].map(observations =>
        cellsOf(unit, observations, division.keyOf),
      ) as [Map<string, Figure>, Map<string, Figure>]
      const keys =
        division.keys ??
        [...new Set([...nowCells.keys(), ...beforeCells.keys()])]
          .sort()
          .map(key => ({ key, label: key }))
      for (const { key, label } of keys)
        cells.push({
          key,
          label,
          now: nowCells.get(key) ?? empty,
          before: beforeCells.get(key) ?? empty,
        })
    }
    all.push({
      ...described(name),
      now: totalOf(unit, now),
      before: totalOf(unit, before),
      cells,
    })
  }
  return all
}

/** Each of the weeks until `last`, oldest first, beside the one before it. `figuresOf` reads one week. */
async function series(
  last: Monday,
  weeks: number,
  names: readonly string[],
  figuresOf: (week: Monday) => Promise<Figures>,
): Promise<MetricInsight[]> {
  const read: { week: Monday; figures: Figures }[] = []
  for (let back = weeks; back >= 0; back--) {
    const week = weeksBefore(last, back)
    read.push({ week, figures: await figuresOf(week) })
  }
  return names.map(name => {
    const cells = read.slice(1).map(({ week, figures }, i) => ({
      key: nameOf(week),
      label: nameOf(week),
      now: figures[name]!,
      before: read[i]!.figures[name]!,
    }))
    const { now, before } = cells.at(-1)!
    return { ...described(name), now, before, cells }
  })
}

/** A series of weeks of a pharmacy. No sum over weeks is given: it would tell a hidden week. */
export const weekSeries = (
  db: Kysely<Tables>,
  pharmacy: InsightPharmacy,
  last: Monday,
  weeks: number,
): Promise<MetricInsight[]> =>
  series(last, weeks, Object.keys(metrics), week => totalsOf(db, pharmacy, week))

/** A series of weeks of a driver: the driver's cells in the weeks of the pharmacy. */
export const driverSeries = (
  db: Kysely<Tables>,
  pharmacy: InsightPharmacy,
  driverId: string,
  last: Monday,
  weeks: number,
): Promise<MetricInsight[]> => {
  const own = Object.entries(metrics).filter(([, { byDriver }]) => byDriver)
  return series(
    last,
    weeks,
    own.map(([name]) => name),
    async week => {
      const figures: Figures = {}
      for (const [name, { unit, source }] of own) {
        const cells = cellsOf(
          unit,
          await source!(db, pharmacy, daysOf(week)),
          divisions.driver.keyOf,
        )
        figures[name] = cells.get(driverId) ?? empty
      }
      return figures
    },
  )
}
