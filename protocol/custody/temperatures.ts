/**
 * What a series of temperatures says about goods: whether they left their range, and whether the
 * mean kinetic temperature speaks for a warm excursion. A cold one is never judged by it, because
 * goods that froze do not get better by warm hours. Pure.
 */
import Type from 'typebox'
import { nullable, oneOf } from '../kernel/schema.ts'
import { meanKineticCelsius, type Reading } from './kinetic.ts'
import { custodyBounds } from './limits.ts'
import type { CelsiusRange, KineticRule } from './policies.ts'

/**
 * What the mean kinetic temperature says about an excursion.
 *
 * | verdict | meaning |
 * |---|---|
 * | within | the goods were too warm, and their mean kinetic temperature is within the rule |
 * | exceeded | they were too warm for the rule |
 * | cold | they were too cold, which the mean kinetic temperature never excuses |
 * | not_proven | readings are missing, or the device was calibrated too long ago |
 * | no_rule | the classes of the goods have no rule for it |
 */
export const kineticVerdicts = ['within', 'exceeded', 'cold', 'not_proven', 'no_rule'] as const
export type KineticVerdict = (typeof kineticVerdicts)[number]

const Celsius = Type.Number({
  minimum: custodyBounds.celsiusMin,
  maximum: custodyBounds.celsiusMax,
})
/** The serial number of a thermometer or logger. */
export const DeviceName = Type.String({
  minLength: 1,
  maxLength: custodyBounds.deviceCharactersMax,
  pattern: String.raw`^[\x21-\x7e]+$`,
  'x-rule': 'must be letters, digits and signs without spaces',
})
export const CalibratedOn = Type.String({
  format: 'date',
  description: 'Day of the last calibration of the device',
})

/** The readings of an order in a few numbers, as commands, events and views have them. */
export const TemperatureSummary = Type.Object(
  {
    devices: Type.Array(
      Type.Object(
        { device: DeviceName, calibrated_on: CalibratedOn },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: custodyBounds.devicesMax },
    ),
    readings: Type.Integer({ minimum: 1, description: 'Number of readings' }),
    from_ms: Type.Integer({ description: 'Time of the first one, ms since the epoch' }),
    to_ms: Type.Integer({ description: 'Time of the last one, ms since the epoch' }),
    min_celsius: Celsius,
    max_celsius: Celsius,
    kinetic_celsius: nullable(Celsius),
    verdict: Type.Union([oneOf(kineticVerdicts), Type.Null()], {
      description: 'Of an excursion, by the mean kinetic temperature; null without one',
    }),
  },
  {
    additionalProperties: false,
    description:
      'Measured temperatures; `kinetic_celsius` is the mean kinetic temperature (USP <1079.2>) of the last hours that the rule looks at',
  },
)
export type TemperatureSummary = Type.Static<typeof TemperatureSummary>

export interface Series {
  device: string
  /** Day of the calibration, as YYYY-MM-DD. */
  calibratedOn: string
  /** In the order of their times; at least one. */
  readings: readonly Reading[]
}

/** Is the temperature outside of the range? */
export const isOutside = ({ min, max }: CelsiusRange, celsius: number): boolean =>
  celsius < min || celsius > max

const rounded = (celsius: number): number => Math.round(celsius * 100) / 100

/** One reading of each time: of two that a device gave for one moment the warmer one is judged. */
const warmestOf = (readings: readonly Reading[]): Reading[] =>
  readings
    .toSorted((a, b) => a.atMs - b.atMs || a.celsius - b.celsius)
    .filter(({ atMs }, i, all) => all[i + 1]?.atMs !== atMs)

/**
 * The summary of the series of an order. Each device is judged alone, and the worst mean kinetic
 * temperature counts. Throws nothing; there must be a series.
 */
export function summaryOf(
  series: readonly Series[],
  range: CelsiusRange | null,
  rule: KineticRule | null,
): TemperatureSummary {
  const all = series.flatMap(({ readings }) => readings)
  const times = all.map(({ atMs }) => atMs)
  const extremes = all.map(({ celsius }) => celsius)
  const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b))
  const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b))
  const toMs = most(times)
  const min = least(extremes)
  const max = most(extremes)
  const windows = series.map(one => ({
    ...one,
    readings: warmestOf(
      one.readings.filter(({ atMs }) => rule === null || atMs > toMs - rule.windowMs),
    ),
  }))
  const means = windows.flatMap(({ readings }) => meanKineticCelsius(readings) ?? [])
  const kinetic = means.length === 0 ? null : most(means)
  return {
    devices: series.map(({ device, calibratedOn }) => ({ device, calibrated_on: calibratedOn })),
    readings: all.length,
    from_ms: least(times),
    to_ms: toMs,
    min_celsius: rounded(min),
    max_celsius: rounded(max),
    kinetic_celsius: kinetic === null ? null : rounded(kinetic),
    verdict: verdictOf(windows, range, rule, { min, max, kinetic }),
  }
}

function verdictOf(
  windows: readonly Series[],
  range: CelsiusRange | null,
  rule: KineticRule | null,
  { min, max, kinetic }: { min: number; max: number; kinetic: number | null },
): KineticVerdict | null {
  if (range === null || !(isOutside(range, min) || isOutside(range, max))) return null
  if (min < range.min) return 'cold'
  if (rule === null || kinetic === null) return 'no_rule'
  if (max > rule.warmestCelsius || kinetic > rule.kineticCelsius) return 'exceeded'
  return windows.every(isProven) ? 'within' : 'not_proven'
}

/**
 * False for a series with a hole: more than two readings in a row are missing. Also for a device
 * whose calibration is too old at its last reading.
 */
function isProven({ readings, calibratedOn }: Series): boolean {
  const gaps = readings.slice(1).map(({ atMs }, i) => atMs - readings[i]!.atMs)
  if (gaps.length === 0) return false
  const usual = gaps.toSorted((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)]!
  const ageMs = readings.at(-1)!.atMs - Date.parse(calibratedOn)
  return (
    gaps.every(gap => gap <= (custodyBounds.missingReadingsMax + 1) * usual) &&
    ageMs <= custodyBounds.calibrationMs
  )
}
