/**
 * The fixtures that the tests of both indexes share: points from a seed, real points, and a brute
 * force that computes every distance.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { distanceKm } from '../../protocol/river/geo.ts'
import { destination } from '../../protocol/testing/great-circle.ts'
import type { NearestBuffer } from './ranking.ts'

export type Point = readonly [latitude: number, longitude: number]

/**
 * Points within `spreadKm` of a centre, denser towards it; some repeat an earlier point exactly.
 */
export function cluster(
  count: number,
  centre: Point,
  spreadKm: number,
  random: () => number,
): Point[] {
  const points: Point[] = []
  for (let index = 0; index < count; index++) {
    const earlier = points[Math.floor(random() * points.length)]
    if (earlier !== undefined && random() < 0.1) {
      points.push(earlier)
      continue
    }
    const { latitude, longitude } = destination(
      centre[0],
      centre[1],
      random() * 360,
      random() * spreadKm,
    )
    points.push([latitude, longitude])
  }
  return points
}

/** Points all over the globe, evenly by area. */
export function scattered(count: number, random: () => number): Point[] {
  return Array.from(
    { length: count },
    () => [(Math.asin(random() * 2 - 1) * 180) / Math.PI, random() * 360 - 180] as const,
  )
}

/** Places where a mistake is likely: a city, both poles, both sides of the antimeridian, 0° 0°. */
export const hardPlaces: Record<string, Point> = {
  city: [51.5, -0.12],
  'north pole': [90, 0],
  'near the north pole': [89.93, 45],
  'south pole': [-90, 180],
  'near the south pole': [-89.8, -170],
  antimeridian: [-17, 180],
  'other side of the antimeridian': [-17, -179.99],
  'antimeridian far north': [78, 179.9],
  origin: [0, 0],
}

export interface Expected {
  id: string
  km: number
}

/** Brute force: every point within the radius, the nearest first, equal distances by id. */
export function bruteForce(
  points: Iterable<readonly [string, Point]>,
  from: Point,
  radiusKm: number,
): Expected[] {
  const found: Expected[] = []
  for (const [id, point] of points) {
    const km = distanceKm(from[0], from[1], point[0], point[1])
    if (km <= radiusKm) found.push({ id, km })
  }
  return found.sort((a, b) => a.km - b.km || (a.id < b.id ? -1 : 1))
}

/**
 * The first difference between a result and the brute force's, or null. Two formulas for one
 * distance differ in the last digits, so two ids may change places where their distances are within
 * a tenth of a millimetre. Points with equal coordinates may not change places.
 */
export function difference(
  result: NearestBuffer,
  idOf: (number: number) => string,
  expected: readonly Expected[],
  pointOf: (id: string) => Point,
  radiusKm: number,
): string | null {
  const slackKm = 1e-7
  const kmOf = new Map(expected.map(({ id, km }) => [id, km]))
  if (result.count !== expected.length) {
    const edge = expected.filter(({ km }) => km > radiusKm - slackKm).length
    if (Math.abs(result.count - expected.length) > edge)
      return `${result.count} results, not ${expected.length}`
  }
  const seen = new Set<string>()
  const lastAt = new Map<string, string>()
  for (let index = 0; index < Math.min(result.count, expected.length); index++) {
    const id = idOf(result.numbers[index]!)
    const km = result.distanceKm[index]!
    const wanted = expected[index]!
    if (seen.has(id)) return `${id} twice`
    seen.add(id)
    if (Math.abs(km - wanted.km) > slackKm) return `at ${index}: ${km} km, not ${wanted.km}`
    if (Math.abs(km - (kmOf.get(id) ?? km)) > slackKm)
      return `${id} at ${km} km, not ${kmOf.get(id)}`
    const place = String(pointOf(id))
    const before = lastAt.get(place)
    if (before !== undefined && before > id) return `at ${index}: ${id} after ${before}`
    lastAt.set(place, id)
  }
  return null
}

/**
 * The rows of a CSV file of the data folder as lists of fields, without the header; null when there
 * is no such file.
 */
export function dataRows(folder: string | undefined, file: string): string[][] | null {
  const path = join(folder ?? join('..', 'shared', 'data'), file)
  if (!existsSync(path)) return null
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map(line => line.split(','))
}
