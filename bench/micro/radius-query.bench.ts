/**
 * The two geographic questions of dispatch, beside geokdbush over a packed tree and a linear scan:
 * the 10 nearest of 100 k drivers within 2 km in a 30 km city, and the pharmacies within 10 km. The
 * question about drivers also goes to Redis (GEOSEARCH) and PostgreSQL (earthdistance over GiST,
 * and PostGIS if installed), as in systems without their own index. The pharmacies are as many as
 * England's and clustered into towns, because the real list may not be shipped.
 */
import { around } from 'geokdbush'
import KDBush from 'kdbush'
import { MovingIndex } from '../../engine/geo/moving-index.ts'
import { GeohashIndex } from '../../engine/geo/geohash-index.ts'
import { distanceKm } from '../../protocol/river/geo.ts'
import { Redis } from 'ioredis'
import pg from 'pg'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import { decision } from '../harness/decisions.ts'
import { countryPoints, type Points } from './places.ts'
import type { MicroServices, MicroSuite } from './suite.ts'

const drivers = 100_000
const pharmacies = 11_206
const queries = 256
const queriesInFlight = 8
const insertAtOnce = 5_000

function cityPoints(count: number, random: () => number): Points {
  return {
    latitude: Float64Array.from({ length: count }, () => 28.6 + (random() - 0.5) * 0.27),
    longitude: Float64Array.from({ length: count }, () => 77.2 + (random() - 0.5) * 0.307),
  }
}

function packedTree(points: Points): KDBush {
  const tree = new KDBush(points.latitude.length)
  for (let index = 0; index < points.latitude.length; index++)
    tree.add(points.longitude[index]!, points.latitude[index]!)
  return tree.finish()
}

/** The nearest `limit`, found by looking at every point. */
function linearScan(
  points: Points,
  latitude: number,
  longitude: number,
  radiusKm: number,
  limit: number,
): number {
  const found: [number, number][] = []
  for (let index = 0; index < points.latitude.length; index++) {
    const km = distanceKm(latitude, longitude, points.latitude[index]!, points.longitude[index]!)
    if (km <= radiusKm) found.push([km, index])
  }
  found.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  return found.slice(0, limit).length
}

/** Redis with all drivers under one key. The first round fills it; the others find it filled. */
async function redisWith(url: string, points: Points): Promise<Redis> {
  const redis = new Redis(url)
  if ((await redis.zcard('drivers')) === points.latitude.length) return redis
  for (let from = 0; from < points.latitude.length; from += insertAtOnce) {
    const members: (number | string)[] = []
    for (
      let number = from;
      number < Math.min(from + insertAtOnce, points.latitude.length);
      number++
    )
      members.push(points.longitude[number]!, points.latitude[number]!, number)
    await redis.geoadd('drivers', ...(members as [number, number, string]))
  }
  return redis
}

/** Finding the nearest with one extension of PostgreSQL. */
interface PostgresWay {
  extension: string
  /** Expression that makes a place of latitude $2 and longitude $3, and the type of the column. */
  type: string
  placeOf(latitude: string, longitude: string): string
  /** Query of the 10 nearest within 2 km of latitude $1 and longitude $2. */
  nearest: string
}
const earthdistance: PostgresWay = {
  extension: 'earthdistance',
  type: 'earth',
  placeOf: (latitude, longitude) => `ll_to_earth(${latitude}, ${longitude})`,
  nearest: `select number from by_earthdistance where earth_box(ll_to_earth($1, $2), 2000) @> place and earth_distance(ll_to_earth($1, $2), place) <= 2000
    order by earth_distance(ll_to_earth($1, $2), place) limit 10`,
}
const postgis: PostgresWay = {
  extension: 'postgis',
  type: 'geography(Point, 4326)',
  placeOf: (latitude, longitude) => `st_point(${longitude}, ${latitude}, 4326)::geography`,
  // The operator walks the index from near to far, so no distance of other rows is computed.
  nearest: `select number from by_postgis where st_dwithin(place, st_point($2, $1, 4326)::geography, 2000) order by place <-> st_point($2, $1, 4326)::geography limit 10`,
}

/**
 * A table of all drivers, indexed by their place. The first round fills it. Null when the extension
 * is not installed.
 */
async function postgresWith(
  url: string,
  points: Points,
  { extension, type, placeOf }: PostgresWay,
): Promise<pg.Pool | null> {
  const pool = new pg.Pool({ connectionString: url, max: queriesInFlight })
  if (
    (await pool.query('select from pg_available_extensions where name = $1', [extension]))
      .rowCount === 0
  ) {
    await pool.end()
    return null
  }
  const table = `by_${extension}`
  if ((await pool.query('select to_regclass($1) as found', [table])).rows[0]?.found !== null)
    return pool
  await pool.query(`create extension if not exists ${extension} cascade`)
  await pool.query(`create table ${table} (number integer primary key, place ${type} not null)`)
  await pool.query(
    `insert into ${table} select number, ${placeOf('latitude', 'longitude')} from unnest($1::integer[], $2::float8[], $3::float8[]) as d(number, latitude, longitude)`,
    [
      Array.from(points.latitude, (_, number) => number),
      [...points.latitude],
      [...points.longitude],
    ],
  )
  await pool.query(`create index on ${table} using gist (place)`)
  await pool.query(`analyze ${table}`)
  return pool
}

/** Asks with as many queries under way as a client of one connection keeps. */
async function asked(count: number, ask: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: queriesInFlight }, async () => {
      while (next < count) await ask(next++)
    }),
  )
}

let sink = 0

/** Queries, and between them all moves that have become due, on the same thread as in an engine. */
function queriesWhileMoving(index: MovingIndex, points: Points, at: Points): () => void {
  const random = seededRandom(4)
  const movesPerMs = 100
  let movedUntilMs = performance.now()
  let number = 0
  return () => {
    for (let query = 0; query < queries; query++) {
      sink += index.nearest(at.latitude[query]!, at.longitude[query]!, 10, 2).count
      const dueMs = performance.now()
      // The time between runs belongs to other cases.
      const moves = Math.min(dueMs - movedUntilMs, 10) * movesPerMs
      for (let move = 0; move < moves; move++) {
        number = (number + 7919) % drivers
        index.set(
          number,
          points.latitude[number]! + (random() - 0.5) * 0.0009,
          points.longitude[number]! + (random() - 0.5) * 0.0009,
        )
      }
      movedUntilMs = dueMs
    }
  }
}

async function cases(services: MicroServices) {
  const random = seededRandom(3)
  const city = cityPoints(drivers, random)
  const country = countryPoints(pharmacies, random)
  const moving = new MovingIndex({ capacity: drivers })
  for (let number = 0; number < drivers; number++)
    moving.set(number, city.latitude[number]!, city.longitude[number]!)
  const directory = new GeohashIndex()
  for (let number = 0; number < pharmacies; number++) {
    directory.set(`P${number}`, country.latitude[number]!, country.longitude[number]!)
  }
  const cityTree = packedTree(city)
  const countryTree = packedTree(country)
  const cityQueries = cityPoints(queries, random)
  const redis = await redisWith(services.url('redis'), city)
  const [byEarthdistance, byPostgis] = [
    await postgresWith(services.url('postgres'), city, earthdistance),
    await postgresWith(services.url('postgres'), city, postgis),
  ]
  const countryQueries = Array.from({ length: queries }, () => Math.floor(random() * pharmacies))

  const overCity = (count: number, query: (latitude: number, longitude: number) => number) => ({
    operationsPerRun: count,
    run: () => {
      for (let i = 0; i < count; i++)
        sink += query(cityQueries.latitude[i]!, cityQueries.longitude[i]!)
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

  const overPostgres = (pool: pg.Pool, { extension, nearest }: PostgresWay) => ({
    operationsPerRun: 16,
    run: () =>
      asked(16, index =>
        pool.query({
          name: extension,
          text: nearest,
          values: [cityQueries.latitude[index]!, cityQueries.longitude[index]!],
        }),
      ),
  })

  return {
    'drivers: MovingIndex, 10 nearest': {
      ...overCity(queries, (lat, lng) => moving.nearest(lat, lng, 10, 2).count),
      goal: { ratio: 1 },
    },
    'drivers: MovingIndex, beside Redis': {
      ...overCity(queries, (lat, lng) => moving.nearest(lat, lng, 10, 2).count),
      baseline: 'drivers: Redis GEOSEARCH, 10 nearest',
      goal: { ratio: 40 },
    },
    'drivers: MovingIndex, while 100 k move a second': {
      operationsPerRun: queries,
      goal: { value: 150_000 },
      run: queriesWhileMoving(moving, city, cityQueries),
    },
    'drivers: MovingIndex, all within 2 km': overCity(
      queries,
      (lat, lng) => moving.nearest(lat, lng, Infinity, 2).count,
    ),
    'drivers: geokdbush, 10 nearest': overCity(
      queries,
      (lat, lng) => around(cityTree as never, lng, lat, 10, 2).length,
    ),
    'drivers: Redis GEOSEARCH, 10 nearest': {
      operationsPerRun: 64,
      run: () =>
        asked(64, index =>
          redis.call(
            'GEOSEARCH',
            'drivers',
            'FROMLONLAT',
            cityQueries.longitude[index]!,
            cityQueries.latitude[index]!,
            'BYRADIUS',
            2,
            'km',
            'ASC',
            'COUNT',
            10,
          ),
        ),
    },
    ...(byEarthdistance !== null && {
      'drivers: PostgreSQL earthdistance, 10 nearest': overPostgres(byEarthdistance, earthdistance),
    }),
    ...(byPostgis !== null && { 'drivers: PostGIS, 10 nearest': overPostgres(byPostgis, postgis) }),
    'drivers: linear scan': overCity(2, (lat, lng) => linearScan(city, lat, lng, 2, 10)),
    'pharmacies: GeohashIndex, all within 10 km': {
      ...overCountry(queries, (lat, lng) => directory.within(lat, lng, 10).count),
      baseline: 'pharmacies: linear scan',
      goal: { value: 200_000, ...decision('pharmacies-by-geohash') },
    },
    'pharmacies: GeohashIndex, 50 nearest within 10 km': {
      ...overCountry(queries, (lat, lng) => directory.within(lat, lng, 10, 50).count),
      baseline: 'pharmacies: geokdbush, 50 nearest within 10 km',
      goal: { ratio: 1 },
    },
    'pharmacies: geokdbush, 50 nearest within 10 km': {
      ...overCountry(queries, (lat, lng) => around(countryTree as never, lng, lat, 50, 10).length),
      baseline: null,
    },
    'pharmacies: linear scan': {
      ...overCountry(8, (lat, lng) => linearScan(country, lat, lng, 10, Infinity)),
      baseline: null,
    },
  }
}

/** Looks for PostGIS where Debian's package installs it, and names it as missing otherwise. */
const optional = async (services: MicroServices): Promise<string[]> => {
  const client = new pg.Client({ connectionString: services.url('postgres') })
  await client.connect()
  try {
    const {
      rows: [{ version, found }],
    } = await client.query(
      `select current_setting('server_version_num')::integer / 10000 as version, exists (select from pg_available_extensions where name = 'postgis') as found`,
    )
    return found
      ? []
      : [
          `PostGIS: not found, its row is left out; install with: apt-get install --no-install-recommends postgresql-${version}-postgis-3`,
        ]
  } finally {
    await client.end()
  }
}

export const suite: MicroSuite = {
  name: 'radius-query',
  title: 'who is near',
  needs: ['redis', 'postgres'],
  baseline: 'drivers: geokdbush, 10 nearest',
  leftOut: optional,
  cases,
}
