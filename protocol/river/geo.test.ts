/** Distances and geohashes against published vectors, and the rules that hold for every place. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bearingDeg, destination } from '../testing/great-circle.ts'
import fc from '../testing/properties.ts'
import t from 'tap'
import {
  boundingBox,
  decodeGeohash,
  distanceKm,
  encodeGeohash,
  validCoordinate,
  type GeoBounds,
} from './geo.ts'

const folder = join(process.env['CADUCEUS_DATA'] ?? join('..', 'shared', 'data'), 'geo')
const skip = existsSync(folder) ? false : `no data folder at ${folder}; set CADUCEUS_DATA`
const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
/** The vectors for decoding have twelve digits. */
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 5.1e-10
const latitudes = fc.double({ min: -90, max: 90, noNaN: true })
const longitudes = fc.double({ min: -180, max: 180, noNaN: true })

/** True when the point lies in the box, edges included. */
function boundsContain(bounds: GeoBounds, latitude: number, longitude: number): boolean {
  if (latitude < bounds.latitudeMin || latitude > bounds.latitudeMax) return false
  return bounds.longitudeMin <= bounds.longitudeMax
    ? longitude >= bounds.longitudeMin && longitude <= bounds.longitudeMax
    : longitude >= bounds.longitudeMin || longitude <= bounds.longitudeMax
}

t.test('geohashes are encoded as in the published vectors', { skip }, async t => {
  const vectors = JSON.parse(read('geohash_encode_mmcloughlin.json')) as {
    hash: string
    lat: number
    lng: number
  }[]
  t.equal(vectors.length, 4096)
  const wrong = vectors.filter(
    ({ hash, lat, lng }) => encodeGeohash(lat, lng, hash.length) !== hash,
  )
  t.same(wrong, [])
})

t.test('geohashes are decoded as in the published vectors', { skip }, async t => {
  type Vector = { hash: string; minLat: number; maxLat: number; minLng: number; maxLng: number }
  const vectors = JSON.parse(read('geohash_decode_mmcloughlin.json')) as Vector[]
  t.equal(vectors.length, 4096)
  const wrong = vectors.filter(({ hash, minLat, maxLat, minLng, maxLng }) => {
    const bounds = decodeGeohash(hash)!
    return !(
      near(bounds.latitudeMin, minLat) &&
      near(bounds.latitudeMax, maxLat) &&
      near(bounds.longitudeMin, minLng) &&
      near(bounds.longitudeMax, maxLng)
    )
  })
  t.same(wrong, [])
})

t.test('geohashes of known points', { skip }, async t => {
  type Vector = { lat: number; lng: number; precision: number; hash: string }
  for (const { lat, lng, precision, hash } of JSON.parse(
    read('geohash_known_points.json'),
  ) as Vector[]) {
    t.equal(encodeGeohash(lat, lng, precision), hash)
  }
})

t.test('haversine is within 0.56 % of the exact geodesic', { skip }, async t => {
  const lines = read('GeodTest-100.dat').trim().split('\n')
  t.equal(lines.length, 100)
  let worst = 0
  for (const line of lines) {
    const [lat1, lng1, , lat2, lng2, , metres] = line.split(/\s+/).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    worst = Math.max(worst, Math.abs(distanceKm(lat1, lng1, lat2, lng2) / (metres / 1000) - 1))
  }
  t.ok(worst <= 0.0056, `worst is ${(worst * 100).toFixed(3)} %`)
})

t.test('a geohash cell contains its point, and its centre encodes to itself', async () => {
  fc.assert(
    fc.property(
      latitudes,
      longitudes,
      fc.integer({ min: 1, max: 12 }),
      (latitude, longitude, precision) => {
        const hash = encodeGeohash(latitude, longitude, precision)
        const bounds = decodeGeohash(hash)!
        const centre = encodeGeohash(
          (bounds.latitudeMin + bounds.latitudeMax) / 2,
          (bounds.longitudeMin + bounds.longitudeMax) / 2,
          precision,
        )
        return (
          boundsContain(bounds, latitude, longitude) && centre === hash && hash.length === precision
        )
      },
    ),
  )
})

t.test('a shorter geohash of a place is the beginning of a longer one', async () => {
  fc.assert(
    fc.property(latitudes, longitudes, (latitude, longitude) => {
      const hash = encodeGeohash(latitude, longitude, 12)
      return [1, 2, 5, 7, 11].every(
        length => encodeGeohash(latitude, longitude, length) === hash.slice(0, length),
      )
    }),
  )
})

t.test('geohashes at the edges of the globe, and texts and places that are refused', async t => {
  for (const [latitude, longitude, hash] of [
    [0, 0, 's00000000000'],
    [-1e-300, -1e-300, '7zzzzzzzzzzz'],
    [90, 180, 'zzzzzzzzzzzz'],
    [-90, -180, '000000000000'],
  ] as const) {
    t.equal(encodeGeohash(latitude, longitude, 12), hash)
  }
  t.same(decodeGeohash('EZS42'), decodeGeohash('ezs42'), 'either case')
  for (const bad of ['', 'a', 'u4pruy!', 'ezs42ezs42ezs', 'ü', '\u{1f600}']) {
    t.equal(decodeGeohash(bad), null, bad)
  }
  for (const [latitude, longitude, precision] of [
    [91, 0, 5],
    [0, NaN, 5],
    [0, 0, 0],
    [0, 0, 13],
    [0, 0, 1.5],
  ] as const) {
    t.throws(() => encodeGeohash(latitude, longitude, precision), RangeError)
  }
})

t.test('a coordinate is valid up to 90 and 180 degrees', async t => {
  for (const [latitude, longitude, expected] of [
    [0, 0, true],
    [90, 180, true],
    [-90, -180, true],
    [-0, -0, true],
    [90.0001, 0, false],
    [-90.0001, 0, false],
    [0, 180.0001, false],
    [0, -180.0001, false],
    [NaN, 0, false],
    [0, NaN, false],
    [Infinity, 0, false],
    [0, -Infinity, false],
  ] as const) {
    t.equal(validCoordinate(latitude, longitude), expected, `${latitude} ${longitude}`)
  }
})

t.test('distance of known pairs', async t => {
  const quarterKm = (Math.PI / 2) * 6371.0088
  for (const [lat1, lng1, lat2, lng2, km] of [
    [0, 0, 0, 90, quarterKm],
    [0, 0, 90, 0, quarterKm],
    [90, 0, 0, 0, quarterKm],
    [0, 0, 0, 180, quarterKm * 2],
    [0, 179.5, 0, -179.5, quarterKm / 90],
    [0, -179.5, 0, 179.5, quarterKm / 90],
    [51.5, -0.1, 51.5, -0.1, 0],
    [90, 10, 90, -120, 0],
  ] as const) {
    t.ok(Math.abs(distanceKm(lat1, lng1, lat2, lng2) - km) < 1e-6, `${km} km`)
  }
})

t.test('destination lies at the distance, along the bearing', async () => {
  const property = fc.property(
    latitudes,
    longitudes,
    fc.double({ min: 0, max: 359.999, noNaN: true }),
    fc.double({ min: 0.001, max: 19_000, noNaN: true }),
    (latitude, longitude, bearing, km) => {
      const there = destination(latitude, longitude, bearing, km)
      const away = distanceKm(latitude, longitude, there.latitude, there.longitude)
      if (!validCoordinate(there.latitude, there.longitude) || Math.abs(away - km) > 1e-4)
        return false
      // Next to a pole the longitude, and so the bearing, is not defined well.
      if (Math.abs(latitude) > 89 || Math.abs(there.latitude) > 89.99 || km < 1 || km > 18_000)
        return true
      const turn = Math.abs(
        bearingDeg(latitude, longitude, there.latitude, there.longitude) - bearing,
      )
      return Math.min(turn, 360 - turn) < 1e-4
    },
  )
  fc.assert(property, { numRuns: 500 })
})

t.test('boundingBox contains its circle, at poles and the antimeridian too', async () => {
  const nearEdges = fc.oneof(
    latitudes,
    fc.double({ min: 89, max: 90, noNaN: true }),
    fc.double({ min: -90, max: -89, noNaN: true }),
  )
  const nearSeam = fc.oneof(
    longitudes,
    fc.double({ min: 179, max: 180, noNaN: true }),
    fc.double({ min: -180, max: -179, noNaN: true }),
  )
  const property = fc.property(
    nearEdges,
    nearSeam,
    fc.double({ min: 0.1, max: 200, noNaN: true }),
    fc.double({ min: 0, max: 360, noNaN: true }),
    fc.double({ min: 0, max: 0.999999, noNaN: true }),
    (latitude, longitude, radiusKm, bearing, part) => {
      const point = destination(latitude, longitude, bearing, radiusKm * part)
      return boundsContain(
        boundingBox(latitude, longitude, radiusKm),
        point.latitude,
        point.longitude,
      )
    },
  )
  fc.assert(property, { numRuns: 1000 })
})

t.test('boundingBox is as small as possible', async t => {
  const crossing = boundingBox(10, 179.9, 50)
  t.ok(crossing.longitudeMin > crossing.longitudeMax, 'crosses the antimeridian')
  t.notOk(boundsContain(crossing, 10, 0))
  t.match(boundingBox(89.9, 20, 50), { latitudeMax: 90, longitudeMin: -180, longitudeMax: 180 })
  t.match(boundingBox(-89.9, 20, 50), { latitudeMin: -90, longitudeMin: -180, longitudeMax: 180 })
  t.match(boundingBox(0, 0, 30_000), {
    latitudeMin: -90,
    latitudeMax: 90,
    longitudeMin: -180,
    longitudeMax: 180,
  })
  const box = boundingBox(60, 10, 10)
  t.ok(Math.abs(distanceKm(60, 10, box.latitudeMax, 10) - 10) < 1e-6)
  t.ok(Math.abs(box.longitudeMax - 10 - 0.17986) < 1e-3)
})
