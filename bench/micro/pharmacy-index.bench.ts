/**
 * The geohash index of pharmacies beside the grid of drivers, on the same places: uniform and in
 * towns, 10 k to a million, radius 1 to 50 km, and moves of the places. The decision about the
 * index of each rests on these rows.
 *
 * The pharmacies of England are measured when CADUCEUS_DATA names their folder, because the list
 * may not be shipped.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GeohashIndex } from '../../engine/geo/geohash-index.ts'
import { MovingIndex } from '../../engine/geo/moving-index.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import { countryPoints, uniformPoints, type Points } from './places.ts'
import type { MicroCase, MicroSuite } from './suite.ts'

const placesWanted = 60_000
const movesAtOnce = 2_000
/** Degrees of latitude or longitude: about 50 m. */
const stepDeg = 0.0009

/** The pharmacies of England; null when the list is absent. */
function englishPharmacies(): Points | null {
  const file = join(
    process.env['CADUCEUS_DATA'] ?? '',
    'pharmacies/england_nhs_pharmacies_2020.csv',
  )
  if (process.env['CADUCEUS_DATA'] === undefined || !existsSync(file)) return null
  const rows = readFileSync(file, 'utf8').trim().split('\n').slice(1)
  const places = rows
    .map(row => row.split(',').slice(-2).map(Number))
    .filter(([latitude, longitude]) => latitude! > 0 && Number.isFinite(longitude))
  return {
    latitude: Float64Array.from(places, place => place[0]!),
    longitude: Float64Array.from(places, place => place[1]!),
  }
}

let sink = 0

/** Queries near places of the list, and moves of places by a few metres, in both indexes. */
function casesOf(name: string, points: Points): Record<string, MicroCase> {
  const random = seededRandom(5)
  const count = points.latitude.length
  const ids = Array.from({ length: count }, (_, number) => `P${number}`)
  const geohash = new GeohashIndex()
  const grid = new MovingIndex({ capacity: count })
  for (let number = 0; number < count; number++) {
    geohash.set(ids[number]!, points.latitude[number]!, points.longitude[number]!)
    grid.set(number, points.latitude[number]!, points.longitude[number]!)
  }
  const cases: Record<string, MicroCase> = {}
  for (const radiusKm of [1, 10, 50]) {
    const found = geohash.within(points.latitude[0]! + 0.01, points.longitude[0]! + 0.01, radiusKm)
    const queries = Math.max(2, Math.min(256, Math.ceil(placesWanted / (found.count + 10))))
    const query = (within: (latitude: number, longitude: number) => { count: number }) => () => {
      for (let index = 0; index < queries; index++) {
        const near = (index * 7919) % count
        sink += within(points.latitude[near]! + 0.01, points.longitude[near]! + 0.01).count
      }
    }
    const baseline = `${name}: grid, ${radiusKm} km`
    cases[`${name}: geohash, ${radiusKm} km`] = {
      operationsPerRun: queries,
      baseline,
      run: query((latitude, longitude) => geohash.within(latitude, longitude, radiusKm)),
    }
    cases[baseline] = {
      operationsPerRun: queries,
      baseline: null,
      run: query((latitude, longitude) => grid.nearest(latitude, longitude, Infinity, radiusKm)),
    }
  }
  let next = 0
  const move = (set: (number: number, latitude: number, longitude: number) => unknown) => () => {
    for (let index = 0; index < movesAtOnce; index++) {
      next = (next + 7919) % count
      set(
        next,
        points.latitude[next]! + (random() - 0.5) * stepDeg,
        points.longitude[next]! + (random() - 0.5) * stepDeg,
      )
    }
  }
  cases[`${name}: geohash, moves`] = {
    operationsPerRun: movesAtOnce,
    baseline: `${name}: grid, moves`,
    run: move((number, latitude, longitude) => geohash.set(ids[number]!, latitude, longitude)),
  }
  cases[`${name}: grid, moves`] = {
    operationsPerRun: movesAtOnce,
    baseline: null,
    run: move((number, latitude, longitude) => grid.set(number, latitude, longitude)),
  }
  return cases
}

async function cases(): Promise<Record<string, MicroCase>> {
  const random = seededRandom(3)
  const english = englishPharmacies()
  return {
    ...(english !== null && casesOf('England', english)),
    ...casesOf('10 k in towns', countryPoints(10_000, random)),
    ...casesOf('10 k uniform', uniformPoints(10_000, random)),
    ...casesOf('100 k in towns', countryPoints(100_000, random)),
    ...casesOf('1 M in towns', countryPoints(1_000_000, random)),
    ...casesOf('1 M uniform', uniformPoints(1_000_000, random)),
  }
}

export const suite: MicroSuite = {
  name: 'pharmacy-index',
  title: 'geohash and grid on the same places',
  baseline: '10 k in towns: grid, 10 km',
  leftOut: async () =>
    englishPharmacies() === null
      ? [
          'the pharmacies of England: CADUCEUS_DATA names no folder with them, their rows are left out',
        ]
      : [],
  cases,
}
