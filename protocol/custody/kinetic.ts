/**
 * The mean kinetic temperature: the one temperature at which goods would have aged as much as at the
 * temperatures that were measured. Pure.
 *
 * Source: USP <1079.2>, Mean Kinetic Temperature, after J. D. Haynes, J. Pharm. Sci. 60 (1971)
 * 927-929. With readings at unequal times each one has the weight of its interval:
 *
 *     T = (ΔH / R) / -ln( Σ wᵢ · exp(-ΔH / (R · Tᵢ)) / Σ wᵢ )     temperatures in kelvin
 */

/** ΔH, the activation energy that USP takes for most solids, J/mol. */
export const activationJoulePerMol = 83_144
/** R, as USP writes it, J/(mol·K). The two together make 10,000 K. */
export const gasJoulePerMolKelvin = 8.3144
const activationKelvin = activationJoulePerMol / gasJoulePerMolKelvin
const zeroCelsiusKelvin = 273.15

export interface Reading {
  /** Ms since the epoch. */
  atMs: number
  celsius: number
}

/**
 * The interval that each reading stands for, ms: the time since the reading before. The first one
 * stands for as much as the second, so readings at equal intervals have equal weights. Readings are
 * in the order of their times.
 */
const intervalsOf = (readings: readonly Reading[]): number[] =>
  readings.map((reading, i) =>
    i === 0
      ? readings.length === 1
        ? 1
        : readings[1]!.atMs - reading.atMs
      : reading.atMs - readings[i - 1]!.atMs,
  )

/**
 * The mean kinetic temperature in degrees Celsius. Null without readings. All temperatures must be
 * above -273.15 °C. Terms are taken relative to the warmest reading, so none of them vanishes.
 */
export function meanKineticCelsius(readings: readonly Reading[]): number | null {
  if (readings.length === 0) return null
  const weights = intervalsOf(readings)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const inverse = readings.map(({ celsius }) => 1 / (celsius + zeroCelsiusKelvin))
  const warmest = inverse.reduce((least, one) => Math.min(least, one), Infinity)
  let sum = 0
  for (const [i, one] of inverse.entries())
    sum += weights[i]! * Math.exp(-activationKelvin * (one - warmest))
  const mean = warmest - Math.log(sum / total) / activationKelvin
  return 1 / mean - zeroCelsiusKelvin
}
