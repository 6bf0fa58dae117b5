/**
 * The readers of the protocols of phones: requests as the apps send them, in the units of the apps,
 * and bytes of nobody. `samples.json` has requests of the public test suite of Traccar, and names
 * its licence.
 */
import { readFileSync } from 'node:fs'
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js'
import t from 'tap'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import fc from '../../protocol/testing/properties.ts'
import type { Fix, Reading } from './fix.ts'
import { deviceLimits } from './limits.ts'
import { readNeutral } from './neutral.ts'
import { keyOf, readOwnTracks } from './owntracks.ts'
import { readTraccar } from './traccar.ts'

const samples = JSON.parse(readFileSync(assetUrl('edge/devices/samples.json'), 'utf8')) as Record<
  'json_9x' | 'owntracks',
  object[]
> & { query_8x: string[] }

const bytes = (value: unknown): Uint8Array =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const none = new Uint8Array(0)
const get = (query: string) => ({ query: query.replace(/^.*\?/, ''), body: none })
const post = (value: unknown, query = '') => ({ query, body: bytes(value) })

const plain: Fix = {
  atMs: null,
  latitude: 60,
  longitude: 30,
  headingDeg: null,
  speedMps: null,
  accuracyM: null,
  batteryPercent: null,
  simulated: false,
}
/** Speeds and shares are rounded, because the factors of units are not. */
const rounded = (reading: Reading | undefined): unknown =>
  typeof reading === 'object' && reading.speedMps !== null
    ? { ...reading, speedMps: Math.round(reading.speedMps * 1e6) / 1e6 }
    : reading

t.test('Traccar Client up to version 8 sends a query, with its speed in knots', async t => {
  const read = (query: string): unknown => rounded(readTraccar(get(query))[0])
  const [cells, iso, blank, bare, battery, fast] = samples.query_8x.map(read)
  t.equal(cells, 'no_position', 'cells and networks are no position')
  t.same(iso, {
    ...plain,
    atMs: Date.UTC(2016, 0, 27, 18, 55, 47),
    latitude: 42.06288,
    longitude: -88.23412,
    speedMps: 0,
  })
  t.match(blank, { atMs: Date.UTC(2014, 5, 4, 9, 10, 11), latitude: 49.60688 })
  t.same(bare, { ...plain, atMs: 1_377_177_267_000 })
  t.match(battery, { atMs: null, longitude: -0.883333, speedMps: 0, batteryPercent: 87 })
  t.match(fast, { headingDeg: 7.198_897_882_44, speedMps: 20.577_778 }, '40 knots')
  t.match(read('?lat=60&lon=30&timestamp=1442068686579'), { atMs: 1_442_068_686_579 })
  t.match(read('?location=60.0,30.0&timestamp=1377177267'), { latitude: 60, longitude: 30 })
  t.match(read('?lat=60&lon=30&mock=true'), { simulated: true })
  t.equal(read('?lat=60&lon=30&valid=false'), 'no_position')
  t.equal(read('?id=DEVICE&notificationToken=abc'), 'no_position')
  for (const query of ['lat=60', 'lat=x&lon=30', 'lat=60&lon=30&timestamp=soon', 'location=60'])
    t.equal(read(query), 'unreadable', query)
})

t.test('Traccar Client 9 sends JSON, with its speed in metres per second', async t => {
  const [still, simulated] = samples.json_9x.map(one => readTraccar(post(one))[0])
  t.same(still, {
    atMs: Date.UTC(2025, 5, 15, 13, 45, 12, 862),
    latitude: 37.421_998_3,
    longitude: -122.084,
    headingDeg: null,
    speedMps: 0,
    accuracyM: 5,
    batteryPercent: 100,
    simulated: false,
  })
  t.match(simulated, { speedMps: null, batteryPercent: null, simulated: true })
  const coords = { latitude: 1, longitude: 2, speed: 7.5, heading: 90 }
  t.match(readTraccar(post({ location: { coords } })), [{ speedMps: 7.5, headingDeg: 90 }])
  t.match(
    readTraccar(post({ location: [{ coords }, { event: 'heartbeat' }, 7] })),
    [{ latitude: 1 }, 'no_position', 'unreadable'],
    'a list is read item by item',
  )
})

t.test('Traccar Client 10 sends a form, with its speed in knots', async t => {
  const form =
    'id=DEVICE&lat=27.7172000&lon=85.3240000&timestamp=1795867200&accuracy=8.5&speed=19.44&bearing=80.0&batt=87.0&charge=true'
  t.same(readTraccar(post(form)).map(rounded), [
    {
      atMs: 1_795_867_200_000,
      latitude: 27.7172,
      longitude: 85.324,
      headingDeg: 80,
      speedMps: 10.0008,
      accuracyM: 8.5,
      batteryPercent: 87,
      simulated: false,
    },
  ])
  t.same(readTraccar(post('id=DEVICE&alarm=sos&timestamp=1795867200')), ['no_position'])
  t.match(
    readTraccar(post('lat=1&lon=2', 'lat=3&timestamp=1795867200')),
    [{ latitude: 3, longitude: 2 }],
    'the query wins over the form',
  )
})

t.test('OwnTracks: locations in kilometres per hour, and every other type', async t => {
  const [walk, drive, phone] = samples.owntracks.map(one =>
    rounded(readOwnTracks(post(one), null)[0]),
  )
  t.match(walk, { atMs: 1_551_874_878_000, latitude: 46.068_124_7, accuracyM: 15, speedMps: 0 })
  t.match(drive, { headingDeg: 271, speedMps: 16.944_444, batteryPercent: 67, simulated: false })
  t.match(phone, { latitude: 37, longitude: -122, headingDeg: null, speedMps: null })
  const types =
    'lwt transition waypoint waypoints status steps dump cmd card configuration request beacon new'
  for (const type of types.split(' '))
    t.same(
      readOwnTracks(post({ _type: type, lat: 1, lon: 2, tst: 1_551_874_878 }), null),
      ['no_position'],
      type,
    )
  t.same(readOwnTracks({ body: none }, null), ['no_position'], 'an empty body')
  for (const wrong of ['{', 'lat=1&lon=2', '[1]'])
    t.same(readOwnTracks(post(wrong), null), ['unreadable'])
})

// Made with crypto_secretbox_easy of libsodium 1.0.18, passphrase "correct horse".
const sealed =
  'AAECAwQFBgcICQoLDA0ODxAREhMUFRYX3ttUw2Rc83hSuvs1Vw9NLKwP6tI472fOl80/VsQLiPPXCvF8Efgah/mSZE7acPJMKPbB2Mq75GqHMt/i525X5qpjIA2ChYmE/4j/TnmQKFhvI0Fh+XCyWUfwINRUs/2Szv1LFotrPsbRCso8jKMHM5iyPndGw5SBkEy3Vy/OKHJcoGoxkrtg'

t.test('OwnTracks: a message that libsodium sealed opens with its passphrase alone', async t => {
  const read = (value: unknown, passphrase: string | null) => readOwnTracks(post(value), passphrase)
  const message = { _type: 'encrypted', data: sealed }
  t.match(read(message, 'correct horse').map(rounded), [
    { atMs: 1_795_867_200_000, latitude: 27.7172, speedMps: 10, batteryPercent: 87 },
  ])
  t.same(read(message, 'wrong horse'), ['undecryptable'])
  t.same(read(message, null), ['undecryptable'], 'a device without a passphrase')
  const altered = `${sealed.slice(0, 60)}${sealed[60] === 'A' ? 'B' : 'A'}${sealed.slice(61)}`
  for (const data of [altered, sealed.slice(0, 40), '', '%%%', 7, null])
    t.same(read({ _type: 'encrypted', data }, 'correct horse'), ['undecryptable'])
  t.same(
    read({ _type: 'location', lat: 1, lon: 2 }, 'correct horse'),
    ['undecryptable'],
    'an open message does not come from a phone that seals',
  )
  const nonce = new Uint8Array(24)
  const seal = (text: string): string =>
    Buffer.concat([
      nonce,
      xsalsa20poly1305(keyOf('correct horse'), nonce).encrypt(bytes(text)),
    ]).toString('base64')
  t.same(
    read({ _type: 'encrypted', data: seal(JSON.stringify(message)) }, 'correct horse'),
    ['no_position'],
    'a sealed message in a sealed one is not opened again',
  )
  t.same(read({ _type: 'encrypted', data: seal('no JSON') }, 'correct horse'), ['undecryptable'])
  t.same(read({ _type: 'encrypted', data: seal('[1]') }, 'correct horse'), ['unreadable'])
})

t.test('the neutral path reads GPSLogger, OsmAnd and lists, in SI units', async t => {
  const gpsLogger =
    'latitude=27.7172&longitude=85.324&timestamp=1795867200&speed=10.5&heading=80.2&accuracy=8.0&battery=87'
  const fix: Fix = {
    atMs: 1_795_867_200_000,
    latitude: 27.7172,
    longitude: 85.324,
    headingDeg: 80.2,
    speedMps: 10.5,
    accuracyM: 8,
    batteryPercent: 87,
    simulated: false,
  }
  t.same(readNeutral(get(gpsLogger)), [fix])
  t.same(readNeutral(post(gpsLogger)), [fix], 'as a form')
  t.match(
    readNeutral(get('lat=1&lon=2&time=2026-11-20T12:00:00.000Z&speed=&heading=')),
    [{ atMs: Date.UTC(2026, 10, 20, 12), speedMps: null, headingDeg: null }],
    'an empty value is unknown',
  )
  t.match(
    readNeutral(get('lat=1&lon=2&timestamp=1795867200123&speed=36&bearing=80&speed_unit=kmh')),
    [{ atMs: 1_795_867_200_123, speedMps: 10, headingDeg: 80 }],
    'as the URL of OsmAnd says',
  )
  t.same(readNeutral(get('lat=1&lon=2&speed=3&speed_unit=furlongs')), ['unreadable'])
  t.match(readNeutral(post([{ latitude: 1, longitude: 2, simulated: true }, { speed: 1 }, null])), [
    { simulated: true },
    'no_position',
    'unreadable',
  ])
  const many = Array.from({ length: deviceLimits.positionsPerRequestMax + 3 }, () => ({
    latitude: 1,
    longitude: 2,
  }))
  const readings = readNeutral(post(many))
  t.equal(readings.filter(one => typeof one === 'object').length, many.length - 3)
  t.equal(readings.filter(one => one === 'too_many').length, 3)
})

t.test('bytes of nobody give words and finite numbers, and never an exception', async t => {
  const readers = [
    readTraccar,
    readNeutral,
    (message: { body: Uint8Array | null }) => readOwnTracks(message, 'correct horse'),
    (message: { body: Uint8Array | null }) => readOwnTracks(message, null),
  ]
  const names = ['lat', 'lon', 'location', 'coords', 'latitude', 'longitude', 'timestamp', '_type']
  const value = fc.letrec(tie => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.jsonValue(),
      fc.constantFrom(
        'location',
        'encrypted',
        '1e999',
        '-0',
        1e308,
        2 ** 53,
        '9'.repeat(80),
        '1,2',
      ),
      fc.dictionary(fc.constantFrom(...names, '__proto__', 'data', 'speed', 'tst'), tie('any')),
    ),
  })).any
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    value.map(one => bytes(JSON.stringify(one))),
    fc.string({ unit: 'binary' }).map(one => bytes(one)),
    fc.constantFrom(
      bytes('['.repeat(30_000)),
      bytes(`{"location":${'['.repeat(99)}${']'.repeat(99)}}`),
    ),
    fc.constant(null),
  )
  const query = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .array(fc.tuple(fc.constantFrom(...names), fc.string()), { maxLength: 6 })
      .map(pairs => new URLSearchParams(pairs).toString()),
  )
  fc.assert(
    fc.property(query, body, (text, content) => {
      for (const read of readers)
        for (const reading of read({ query: text, body: content })) {
          if (typeof reading === 'string') continue
          for (const [name, number] of Object.entries(reading))
            if (name !== 'simulated' && number !== null && !Number.isFinite(number))
              throw new Error(`${name} is ${String(number)}`)
        }
    }),
  )
  t.pass()
})
