/**
 * The two questions that dispatch asks of geography, beside geokdbush over a packed tree and a
 * linear scan: the 10 nearest of 100 k drivers within 2 km in a 30 km city, and the pharmacies
 * within 10 km. The pharmacies are the size of England's and clustered into towns, because the
 * real list may not be shipped.
 */
import { around } from 'geokdbush'
import KDBush from 'kdbush'
import { MovingIndex } from '../../engine/geo/moving-index.ts'
import { StaticIndex } from '../../engine/geo/static-index.ts'
import { distanceKm } from '../../protocol/geo.ts'
import { seededRandom } from '../common/random.ts'
import type { MicroSuite } from './suite.ts'

const drivers = 100_000
const pharmacies = 11_206
const queries = 256

interface Points {
  latitude: Float64Array
  longitude: Float64Array
}

function cityPoints(count: number, random: () => number): Points {
  return {
    latitude: Float64Array.from({ length: count }, () => 28.6 + (random() - 0.5) * 0.27),
    longitude: Float64Array.from({ length: count }, () => 77.2 + (random() - 0.5) * 0.307),
  }
}

/** Towns of unequal size over a country 5° by 6°, points around each with the density of a town. */
function countryPoints(count: number, random: () => number): Points {
  const towns = Array.from({ length: 150 }, () => [50.5 + random() * 5, -4 + random() * 6] as const)
  const latitude = new Float64Array(count)
  const longitude = new Float64Array(count)
  for (let index = 0; index < count; index++) {
    const town = towns[Math.floor(towns.length * random() ** 2.5)]!
    const away = 0.15 * random()
    const angle = 2 * Math.PI * random()
    latitude[index] = town[0] + away * Math.sin(angle)
    longitude[index] = town[1] + (away * Math.cos(angle)) / 0.62
  }
  return { latitude, longitude }
}

function packedTree(points: Points): KDBush {
  const tree = new KDBush(points.latitude.length)
  for (let index = 0; index < points.latitude.length; index++) tree.add(points.longitude[index]!, points.latitude[index]!)
  return tree.finish()
}

/** The nearest `limit` by looking at every point. */
function linearScan(points: Points, latitude: number, longitude: number, radiusKm: number, limit: number): number {
  const found: [number, number][] = []
  for (let index = 0; index < points.latitude.length; index++) {
    const km = distanceKm(latitude, longitude, points.latitude[index]!, points.longitude[index]!)
    if (km <= radiusKm) found.push([km, index])
  }
  found.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  return found.slice(0, limit).length
}

let sink = 0

async function cases() {
  const random = seededRandom(3)
  const city = cityPoints(drivers, random)
  const country = countryPoints(pharmacies, random)
  const moving = new MovingIndex({ capacity: drivers })
  for (let number = 0; number < drivers; number++) moving.set(number, city.latitude[number]!, city.longitude[number]!)
  const directory = new StaticIndex({ capacity: pharmacies })
  for (let number = 0; number < pharmacies; number++) {
    directory.set(`P${number}`, country.latitude[number]!, country.longitude[number]!)
  }
  const cityTree = packedTree(city)
  const countryTree = packedTree(country)
  const cityQueries = cityPoints(queries, random)
  const countryQueries = Array.from({ length: queries }, () => Math.floor(random() * pharmacies))

  const overCity = (count: number, query: (latitude: number, longitude: number) => number) => ({
    operationsPerRun: count,
    run: () => {
      for (let i = 0; i < count; i++) sink += query(cityQueries.latitude[i]!, cityQueries.longitude[i]!)
    },
  })
  const overCountry = (count: number, query: (latitude: number, longitude: number) => number) => ({
    operationsPerRun: count,
    run: () => {
      for (let i = 0; i < count; i++) {
        const near = countryQueries[i]!
        sink += query(country.latitude[near]! + 0.01, country.longitude[near]! + 0.01)
      }
    },
  })

  return {
    'drivers: MovingIndex, 10 nearest': overCity(queries, (lat, lng) => moving.nearest(lat, lng, 10, 2).count),
    'drivers: MovingIndex, all within 2 km': overCity(queries, (lat, lng) => moving.within(lat, lng, 2).count),
    'drivers: geokdbush, 10 nearest': overCity(queries, (lat, lng) => around(cityTree as never, lng, lat, 10, 2).length),
    'drivers: linear scan': overCity(2, (lat, lng) => linearScan(city, lat, lng, 2, 10)),
    'pharmacies: StaticIndex, all within 10 km': overCountry(queries, (lat, lng) => directory.within(lat, lng, 10).count),
    'pharmacies: StaticIndex, 50 nearest within 10 km': overCountry(queries, (lat, lng) => directory.within(lat, lng, 10, 50).count),
    'pharmacies: geokdbush, 50 nearest within 10 km': overCountry(queries, (lat, lng) => around(countryTree as never, lng, lat, 50, 10).length),
    'pharmacies: linear scan': overCountry(8, (lat, lng) => linearScan(country, lat, lng, 10, Infinity)),
  }
}

export const suite: MicroSuite = { name: 'radius-query', title: 'who is near', baseline: 'drivers: geokdbush, 10 nearest', cases }
