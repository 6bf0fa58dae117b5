/**
 * Ranks the nearest few of many candidates, in reusable typed arrays; it is the result buffer of
 * both indexes. Candidates are appended. When the buffer is full, a quickselect keeps the best
 * `limit` and lowers `keyMax` for all that follow. So the cost is linear in the candidates, and a
 * query allocates nothing once the buffer has grown.
 *
 * Rejected: a binary heap (flatqueue). It pays a logarithm for each candidate on the way in and
 * again for each result on the way out. Here a candidate costs one comparison and an append, and
 * the final order is a counting sort, which halved the time of a query with 140 results.
 *
 * A key is the haversine h = sin²(angle / 2). It orders like the distance and needs no arcsine
 * until the results are known.
 */
import { earthRadiusKm } from '../../protocol/river/geo.ts'

const insertionMax = 12
const bucketsMin = 24

/** Decides between two numbers whose distance is equal; negative when `a` comes first. */
export type TieBreak = (a: number, b: number) => number

/** Haversine key of a distance in km; a distance of half the circumference or more gives 1. */
export function keyOfKm(distanceKm: number): number {
  const angle = Math.min(Math.PI, distanceKm / earthRadiusKm)
  return Math.sin(angle / 2) ** 2
}

/** Distance in km of a haversine key. */
export function kmOfKey(key: number): number {
  const sine = Math.sqrt(Math.min(1, key))
  // Nearly all distances end here: the next term is below 3e-18 of the value up to 25 km.
  if (key < 4e-6) return 2 * earthRadiusKm * sine * (1 + key * (1 / 6 + key * (3 / 40)))
  if (sine > 0.03) return 2 * earthRadiusKm * Math.asin(sine)
  // Series of the arcsine; the first dropped term is below 1e-20 of the value up to 380 km.
  const square = sine * sine
  const series =
    1 +
    square *
      (1 / 6 +
        square * (3 / 40 + square * (15 / 336 + square * (105 / 3456 + square * (945 / 42240)))))
  return 2 * earthRadiusKm * sine * series
}

/**
 * Results nearest first: entry i is `numbers[i]` at `distanceKm[i]`, for i below `count`. The next
 * search overwrites them and may replace the arrays, so read them through the buffer.
 */
export class NearestBuffer {
  numbers: Int32Array
  /** Great-circle distance in km. */
  distanceKm: Float64Array
  count = 0
  /** Only a key at or below this can still be among the results. */
  keyMax = 0
  #limit = 0
  /** Candidates held before the worst are dropped or the arrays grow. */
  #room = 0
  #tie: TieBreak | null = null
  #starts: Int32Array = new Int32Array(0)
  #spareNumbers: Int32Array = new Int32Array(0)
  #spareKeys: Float64Array = new Float64Array(0)

  constructor(limitExpected = 64) {
    this.numbers = new Int32Array(limitExpected * 2)
    this.distanceKm = new Float64Array(limitExpected * 2)
  }

  /** Empties the buffer for a search of at most `limit` results with keys up to `keyMax`. */
  begin(limit: number, keyMax: number, tie: TieBreak | null): void {
    this.count = 0
    this.keyMax = limit > 0 ? keyMax : -1
    this.#limit = limit
    this.#room = Math.min(this.numbers.length, Math.max(32, limit * 2))
    this.#tie = tie
  }

  /**
   * Adds a candidate whose key the caller has compared with `keyMax`. Keys live in `distanceKm`
   * until `finish`.
   */
  push(number: number, key: number): void {
    if (this.count >= this.#room) this.#makeRoom()
    this.numbers[this.count] = number
    this.distanceKm[this.count++] = key
  }

  /**
   * Drops all but the best `limit` candidates. True when there are that many; `keyMax` is then the
   * key of the last one.
   */
  settle(): boolean {
    if (this.count < this.#limit || this.#limit === 0) return false
    if (this.count > this.#limit) {
      select(this.distanceKm, this.numbers, this.count, this.#limit, this.#tie)
      this.count = this.#limit
    }
    let worst = 0
    for (let index = 0; index < this.count; index++)
      worst = Math.max(worst, this.distanceKm[index]!)
    this.keyMax = Math.min(this.keyMax, worst)
    return true
  }

  /** Keeps the best `limit`, sorts them nearest first and turns keys into km. */
  finish(): void {
    if (this.count > this.#limit) this.settle()
    if (this.count > bucketsMin && this.keyMax > 0) this.#sortByBuckets()
    else sort(this.distanceKm, this.numbers, 0, this.count - 1, this.#tie)
    for (let index = 0; index < this.count; index++)
      this.distanceKm[index] = kmOfKey(this.distanceKm[index]!)
  }

  /**
   * Points that are spread evenly over a disc have evenly spread haversines. So with as many
   * buckets as results, a bucket holds about one. A counting sort does nearly all of the work, and
   * results that share a bucket are sorted.
   */
  #sortByBuckets(): void {
    const count = this.count
    if (this.#starts.length <= count) {
      this.#starts = new Int32Array(this.numbers.length + 1)
      this.#spareNumbers = new Int32Array(this.numbers.length)
      this.#spareKeys = new Float64Array(this.numbers.length)
    }
    const keys = this.distanceKm
    const numbers = this.numbers
    const starts = this.#starts.fill(0, 0, count + 1)
    const sortedNumbers = this.#spareNumbers
    const sortedKeys = this.#spareKeys
    const perKey = (count - 1) / this.keyMax
    for (let index = 0; index < count; index++) starts[(keys[index]! * perKey) | 0]!++
    let end = 0
    let crowd = 0
    for (let bucket = 0; bucket < count; bucket++) {
      const members = starts[bucket]!
      if (members > crowd) crowd = members
      starts[bucket] = end += members
    }
    // Each bucket is filled from its end, so `starts` has the start of each bucket afterwards.
    for (let index = count - 1; index >= 0; index--) {
      const at = --starts[(keys[index]! * perKey) | 0]!
      sortedNumbers[at] = numbers[index]!
      sortedKeys[at] = keys[index]!
    }
    // Only a crowded bucket is sorted separately. After that, entries are out of order by only a
    // few places.
    if (crowd > insertionMax) {
      starts[count] = count
      for (let bucket = 0; bucket < count; bucket++) {
        const start = starts[bucket]!
        const last = starts[bucket + 1]! - 1
        if (last - start >= insertionMax) sort(sortedKeys, sortedNumbers, start, last, this.#tie)
      }
    }
    insertionSort(sortedKeys, sortedNumbers, 0, count - 1, this.#tie)
    this.numbers = sortedNumbers
    this.distanceKm = sortedKeys
    this.#spareNumbers = numbers
    this.#spareKeys = keys
  }

  #makeRoom(): void {
    if (this.count >= this.#limit * 2) {
      this.settle()
      return
    }
    const capacity = Math.max(64, this.numbers.length * 2)
    const numbers = new Int32Array(capacity)
    const keys = new Float64Array(capacity)
    numbers.set(this.numbers)
    keys.set(this.distanceKm)
    this.numbers = numbers
    this.distanceKm = keys
    this.#room = Math.min(capacity, Math.max(32, this.#limit * 2))
  }
}

/** Whether entry `a` comes before the pair (key, number). */
function before(
  keyA: number,
  numberA: number,
  keyB: number,
  numberB: number,
  tie: TieBreak | null,
): boolean {
  if (keyA < keyB) return true
  if (keyA > keyB) return false
  return tie === null ? numberA < numberB : tie(numberA, numberB) < 0
}

function swap(keys: Float64Array, numbers: Int32Array, a: number, b: number): void {
  const key = keys[a]!
  keys[a] = keys[b]!
  keys[b] = key
  const number = numbers[a]!
  numbers[a] = numbers[b]!
  numbers[b] = number
}

/** Hoare partition around the median of three; returns the last index of the left part. */
function partition(
  keys: Float64Array,
  numbers: Int32Array,
  low: number,
  high: number,
  tie: TieBreak | null,
): number {
  const middle = (low + high) >> 1
  if (before(keys[middle]!, numbers[middle]!, keys[low]!, numbers[low]!, tie))
    swap(keys, numbers, low, middle)
  if (before(keys[high]!, numbers[high]!, keys[low]!, numbers[low]!, tie))
    swap(keys, numbers, low, high)
  if (before(keys[high]!, numbers[high]!, keys[middle]!, numbers[middle]!, tie))
    swap(keys, numbers, middle, high)
  const key = keys[middle]!
  const number = numbers[middle]!
  let left = low - 1
  let right = high + 1
  for (;;) {
    do left++
    while (before(keys[left]!, numbers[left]!, key, number, tie))
    do right--
    while (before(key, number, keys[right]!, numbers[right]!, tie))
    if (left >= right) return right
    swap(keys, numbers, left, right)
  }
}

/** Moves the best `wanted` of the first `count` entries to the front, in no order. */
function select(
  keys: Float64Array,
  numbers: Int32Array,
  count: number,
  wanted: number,
  tie: TieBreak | null,
): void {
  let low = 0
  let high = count - 1
  while (high - low >= insertionMax) {
    const split = partition(keys, numbers, low, high, tie)
    if (wanted - 1 <= split) high = split
    else low = split + 1
  }
  insertionSort(keys, numbers, low, high, tie)
}

function sort(
  keys: Float64Array,
  numbers: Int32Array,
  from: number,
  to: number,
  tie: TieBreak | null,
): void {
  let low = from
  let high = to
  while (high - low >= insertionMax) {
    const split = partition(keys, numbers, low, high, tie)
    // Recurse into the shorter part only: the stack stays logarithmic.
    if (split - low < high - split) {
      sort(keys, numbers, low, split, tie)
      low = split + 1
    } else {
      sort(keys, numbers, split + 1, high, tie)
      high = split
    }
  }
  insertionSort(keys, numbers, low, high, tie)
}

function insertionSort(
  keys: Float64Array,
  numbers: Int32Array,
  low: number,
  high: number,
  tie: TieBreak | null,
): void {
  for (let index = low + 1; index <= high; index++) {
    const key = keys[index]!
    if (keys[index - 1]! < key) continue
    const number = numbers[index]!
    let hole = index
    while (hole > low && before(key, number, keys[hole - 1]!, numbers[hole - 1]!, tie)) {
      keys[hole] = keys[hole - 1]!
      numbers[hole] = numbers[hole - 1]!
      hole--
    }
    keys[hole] = key
    numbers[hole] = number
  }
}
