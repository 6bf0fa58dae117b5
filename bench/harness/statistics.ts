/** Small statistics over rounds. */

/** NaN for an empty list. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** (largest - smallest) / median: the relative spread of rounds. */
export const spread = (values: readonly number[]): number =>
  values.length < 2 ? 0 : (Math.max(...values) - Math.min(...values)) / Math.abs(median(values))

export interface Difference {
  /** B over A, as geometric means. */
  ratio: number
  /** 95 % confidence interval of the ratio. */
  low: number
  high: number
  /** Probability of a difference at least as large by chance when there is none; two-sided. */
  p: number
}

/**
 * Welch's t-test on logarithms: tests whether B differs from A by a factor when their spreads
 * differ and rounds are few. Null with fewer than two rounds on a side, or for a value without a
 * logarithm.
 *
 * Rejected: Mann–Whitney. With five rounds a side its p cannot go below 0.008, so nothing would
 * survive the correction for a hundred measures. Rejected: the bootstrap, whose intervals are far
 * too narrow with five rounds. Outliers widen Welch's interval, so it errs towards reporting no
 * difference.
 */
export function difference(a: readonly number[], b: readonly number[]): Difference | null {
  if (
    a.length < 2 ||
    b.length < 2 ||
    ![...a, ...b].every(value => value > 0 && Number.isFinite(value))
  )
    return null
  const [left, right] = [moments(a.map(Math.log)), moments(b.map(Math.log))]
  const shift = right.mean - left.mean
  const [leftError, rightError] = [left.variance / a.length, right.variance / b.length]
  const error = Math.sqrt(leftError + rightError)
  if (error === 0)
    return {
      ratio: Math.exp(shift),
      low: Math.exp(shift),
      high: Math.exp(shift),
      p: shift === 0 ? 1 : 0,
    }
  const freedom =
    (leftError + rightError) ** 2 /
    (leftError ** 2 / (a.length - 1) + rightError ** 2 / (b.length - 1))
  const margin = error * studentQuantile(0.05, freedom)
  return {
    ratio: Math.exp(shift),
    low: Math.exp(shift - margin),
    high: Math.exp(shift + margin),
    p: studentTail(shift / error, freedom),
  }
}

/**
 * Holm's step-down correction: the tests that stay significant when the probability of even one
 * false alarm among all of them is kept at `alpha`.
 */
export function holm(ps: readonly number[], alpha: number): boolean[] {
  const significant = ps.map(() => false)
  const order = ps.map((p, index) => ({ p, index })).sort((x, y) => x.p - y.p)
  for (const [rank, { p, index }] of order.entries()) {
    if (p > alpha / (ps.length - rank)) break
    significant[index] = true
  }
  return significant
}

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    mean,
    variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1),
  }
}

/** P(|T| ≥ |t|) of Student's distribution. */
export const studentTail = (t: number, freedom: number): number =>
  betaRegularized(freedom / (freedom + t * t), freedom / 2, 0.5)

/** The t with P(|T| ≥ t) = p, by bisection. */
function studentQuantile(p: number, freedom: number): number {
  let [low, high] = [0, 1e6]
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2
    if (studentTail(middle, freedom) > p) low = middle
    else high = middle
  }
  return high
}

/** The regularized incomplete beta function, by its continued fraction (Lentz). */
function betaRegularized(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // The fraction converges quickly only on this side.
  if (x > (a + 1) / (a + b + 2)) return 1 - betaRegularized(1 - x, b, a)
  const tiny = 1e-300
  const front =
    Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x)) /
    a
  let [fraction, c, d] = [1, 1, 0]
  for (let step = 0; step < 300; step++) {
    const half = step >> 1
    const term =
      step === 0
        ? 1
        : step % 2 === 0
          ? (half * (b - half) * x) / ((a + 2 * half - 1) * (a + 2 * half))
          : (-(a + half) * (a + b + half) * x) / ((a + 2 * half) * (a + 2 * half + 1))
    d = 1 / keep(1 + term * d, tiny)
    c = keep(1 + term / c, tiny)
    fraction *= c * d
    if (Math.abs(1 - c * d) < 1e-14) break
  }
  return front * (fraction - 1)
}
const keep = (value: number, tiny: number): number => (Math.abs(value) < tiny ? tiny : value)

/** Stirling's series, after the recurrence has made x large enough. x > 0. */
function logGamma(x: number): number {
  if (x < 10) return logGamma(x + 1) - Math.log(x)
  const square = x * x
  return (
    (x - 0.5) * Math.log(x) -
    x +
    Math.log(2 * Math.PI) / 2 +
    (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / x
  )
}
