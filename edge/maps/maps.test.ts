/**
 * The clients of map services over real HTTP, with servers of the test in place of the services.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { distanceKm } from '../../protocol/river/geo.ts'
import { mapsLimits } from './limits.ts'
import type { MapServices } from './config.ts'
import { BoundedCache } from '../kernel/bounded-cache.ts'
import { createMaps } from './maps.ts'

const none: MapServices = { google: null, nominatimUrl: null, osrmUrl: null }
type Answerer = (request: IncomingMessage, response: ServerResponse) => void
const json =
  (body: unknown, status = 200): Answerer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

async function service(t: Test, answer: Answerer) {
  const asked: string[] = []
  const agents: (string | undefined)[] = []
  const state = { answer }
  const server = createServer((request, response) => {
    asked.push(request.url!)
    agents.push(request.headers['user-agent'])
    state.answer(request, response)
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, agents, state }
}

function mapsOf(config: Partial<MapServices>) {
  const lines: string[] = []
  const clock = { nowMs: 1_000 }
  const timers = new Set<() => void>()
  const say = (fields: object, message: string): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`)
  }
  const maps = createMaps(
    { ...none, ...config },
    {
      log: { debug: say, info: say, warn: say, error: say },
      nowMs: () => clock.nowMs,
      after(_ms, run) {
        timers.add(run)
        return () => {
          timers.delete(run)
        }
      },
    },
  )
  return { maps, lines, clock, timers }
}

const berlin = { latitude: 52.5163, longitude: 13.3777 }
const charlottenburg = { latitude: 52.5208, longitude: 13.2957 }

t.test('without a service an address is refused with the reason', async t => {
  const { maps } = mapsOf({})
  t.same([maps.hasGeocoder, maps.hasRouter], [false, false])
  await t.rejects(maps.locate('456 Home Ave'), {
    code: 'geocoding_unavailable',
    message: /GOOGLE_MAPS_API_KEY or NOMINATIM_URL/,
  })
})

t.test('Google finds addresses, and each bad answer has its code', async t => {
  const found = {
    formatted_address: 'Pariser Platz, 10117 Berlin',
    geometry: { location: { lat: 52.5163, lng: 13.3777 }, location_type: 'ROOFTOP' },
  }
  const google = await service(t, json({ status: 'OK', results: [found] }))
  const { maps, lines } = mapsOf({ google: { url: google.url, apiKey: 'the key' } })
  t.same([maps.hasGeocoder, maps.hasRouter], [true, true])
  t.same(await maps.locate('Pariser Platz, Berlin'), {
    ...berlin,
    address: 'Pariser Platz, 10117 Berlin',
  })
  t.equal(google.asked[0], '/maps/api/geocode/json?address=Pariser+Platz%2C+Berlin&key=the+key')
  t.match(google.agents[0], /^caduceus\//)

  const table: [name: string, answer: Answerer, code: string][] = [
    ['nothing found', json({ status: 'ZERO_RESULTS', results: [] }), 'address_not_found'],
    [
      'only the town',
      json({
        status: 'OK',
        results: [{ ...found, geometry: { ...found.geometry, location_type: 'APPROXIMATE' } }],
      }),
      'address_not_found',
    ],
    [
      'off the globe',
      json({
        status: 'OK',
        results: [{ geometry: { location: { lat: 91, lng: 0 }, location_type: 'ROOFTOP' } }],
      }),
      'address_not_found',
    ],
    [
      'over the quota',
      json({ status: 'OVER_QUERY_LIMIT', error_message: 'the key is over', results: [] }),
      'geocoding_failed',
    ],
    [
      'key refused',
      json({ status: 'REQUEST_DENIED', error_message: 'the key is wrong', results: [] }),
      'geocoding_failed',
    ],
    ['no status', json({}), 'geocoding_failed'],
    ['500', json({}, 500), 'geocoding_failed'],
    [
      'a redirect',
      (_, response) => {
        response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()
      },
      'geocoding_failed',
    ],
    [
      'no JSON',
      (_, response) => {
        response.end('<html>')
      },
      'geocoding_failed',
    ],
    [
      'too much',
      (_, response) => {
        response.end(`"${'x'.repeat(mapsLimits.mapsAnswerBytesMax + 1)}"`)
      },
      'geocoding_failed',
    ],
    [
      'cut off',
      request => {
        request.socket.destroy()
      },
      'geocoding_failed',
    ],
  ]
  for (const [name, answer, code] of table) {
    google.state.answer = answer
    await t.rejects(maps.locate(name), { code }, name)
  }
  t.notMatch(lines.join('\n'), /the.key|address=/, 'the log has neither key nor address')
})

t.test('Google finds routes; without an answer the distance is estimated', async t => {
  const element = {
    status: 'OK',
    distance: { text: '6.5 km', value: 6_543 },
    duration: { text: '15 mins', value: 912 },
  }
  const matrix = (element: object, status = 'OK') => ({
    destination_addresses: ['x'],
    origin_addresses: ['y'],
    rows: [{ elements: [element] }],
    status,
  })
  const google = await service(t, json(matrix(element)))
  const { maps, lines, clock } = mapsOf({ google: { url: google.url, apiKey: 'the key' } })
  t.ok(maps.hasRouter)
  t.same(await maps.route(berlin, charlottenburg), {
    distance_km: 6.543,
    duration_minutes: 15.2,
    source: 'router',
  })
  t.equal(
    google.asked[0],
    '/maps/api/distancematrix/json?origins=52.516300%2C13.377700&destinations=52.520800%2C13.295700&mode=driving&units=metric&key=the+key',
  )
  await maps.route(berlin, charlottenburg)
  t.equal(google.asked.length, 1, 'the same route is asked for once')
  let nth = 0
  const elsewhere = () => ({ latitude: 52.6 + ++nth / 100, longitude: 13.4 })
  for (const status of ['NOT_FOUND', 'ZERO_RESULTS', 'MAX_ROUTE_LENGTH_EXCEEDED']) {
    google.state.answer = json(matrix({ status }))
    t.match(await maps.route(berlin, elsewhere()), { source: 'estimate' }, status)
    google.state.answer = json(matrix(element))
    t.match(
      await maps.route(berlin, elsewhere()),
      { source: 'router' },
      'two points without a route are no outage',
    )
  }
  const outages: object[] = [
    { rows: [], status: 'OVER_QUERY_LIMIT', error_message: 'the key is over' },
    { status: 'REQUEST_DENIED', error_message: 'the key is wrong' },
    {},
    matrix({ status: 'OK' }),
    matrix({ ...element, distance: { value: -1 } }),
    matrix({ ...element, duration: {} }),
  ]
  for (const answer of outages) {
    google.state.answer = json(answer)
    t.match(await maps.route(berlin, elsewhere()), { source: 'estimate' }, JSON.stringify(answer))
    const asked = google.asked.length
    await maps.route(berlin, elsewhere())
    t.equal(google.asked.length, asked, 'the router is not asked for a while')
    clock.nowMs += mapsLimits.routerPauseMs
  }
  t.notMatch(lines.join('\n'), /the.key|origins=/, 'the log has neither key nor place')
})

t.test('a second service is asked when the first one fails', async t => {
  const osrm = await service(t, json({}, 502))
  const nominatim = await service(
    t,
    json([{ lat: '52.5163', lon: '13.3777', display_name: 'Pariser Platz', place_rank: 30 }]),
  )
  const google = await service(t, (request, response) =>
    json(
      request.url!.includes('geocode')
        ? { status: 'REQUEST_DENIED' }
        : {
            status: 'OK',
            rows: [
              {
                elements: [{ status: 'OK', distance: { value: 6_000 }, duration: { value: 600 } }],
              },
            ],
          },
    )(request, response),
  )
  const { maps } = mapsOf({
    osrmUrl: osrm.url,
    google: { url: google.url, apiKey: 'k' },
    nominatimUrl: nominatim.url,
  })
  t.match(await maps.route(berlin, charlottenburg), { distance_km: 6, source: 'router' })
  t.match(await maps.locate('Pariser Platz'), berlin)
  t.same([osrm.asked.length, nominatim.asked.length, google.asked.length], [1, 1, 2])
})

t.test('Nominatim finds addresses that are exact enough', async t => {
  const place = {
    lat: '52.5163',
    lon: '13.3777',
    display_name: 'Pariser Platz, Mitte, Berlin',
    place_rank: 30,
  }
  const nominatim = await service(t, json([{ ...place, lat: '1', place_rank: 16 }, place]))
  const { maps } = mapsOf({ nominatimUrl: nominatim.url })
  t.same(
    await maps.locate('  Pariser   Platz '),
    { ...berlin, address: 'Pariser Platz, Mitte, Berlin' },
    'the first place that is exact enough',
  )
  t.equal(nominatim.asked[0], '/search?q=Pariser+++Platz&format=jsonv2&limit=5')
  t.same(await maps.find('Pariser Platz'), [{ ...berlin, address: 'Pariser Platz, Mitte, Berlin' }])
  t.equal(nominatim.asked.length, 1, 'a search and an order ask once')
  for (const [answer, code] of [
    [[], 'address_not_found'],
    [[{ ...place, place_rank: 16 }], 'address_not_found'],
    [[{ display_name: 'x' }], 'address_not_found'],
    [{ error: 'x' }, 'geocoding_failed'],
  ] as const) {
    nominatim.state.answer = json(answer)
    await t.rejects(maps.locate(JSON.stringify(answer)), { code })
  }
})

t.test(
  'an address is looked up once, also by two callers at once, and a failure is not cached',
  async t => {
    const nominatim = await service(t, json([{ lat: '1', lon: '2', place_rank: 30 }]))
    const { maps, clock } = mapsOf({ nominatimUrl: nominatim.url })
    await Promise.all([maps.locate('Elm Row 5'), maps.locate(' elm  row 5 ')])
    await maps.locate('ELM ROW 5')
    t.equal(nominatim.asked.length, 1)
    clock.nowMs += mapsLimits.mapsCacheMs
    await maps.locate('Elm Row 5')
    t.equal(
      nominatim.asked.length,
      2,
      'an address is looked up again when its time in the cache is over',
    )
    nominatim.state.answer = json({}, 503)
    await t.rejects(maps.locate('Oak Row'))
    nominatim.state.answer = json([{ lat: '1', lon: '2', place_rank: 30 }])
    t.match(await maps.locate('Oak Row'), { latitude: 1 })
  },
)

t.test('a silent service is given up, and the number of waiting requests is bounded', async t => {
  let silent = 0
  let heard = () => {}
  const nominatim = await service(t, () => {
    silent++
    heard()
  })
  const { maps, timers } = mapsOf({ nominatimUrl: nominatim.url })
  const waiting = Array.from({ length: mapsLimits.mapsInFlightMax }, (_, i) =>
    maps.locate(`street ${i}`).catch((error: unknown) => error),
  )
  await t.rejects(maps.locate('one too many'), { code: 'geocoding_failed' })
  await new Promise<void>(resolve => {
    heard = () => {
      if (silent === mapsLimits.mapsInFlightMax) resolve()
    }
    heard()
  })
  for (const run of timers) run()
  for (const error of await Promise.all(waiting)) t.match(error, { code: 'geocoding_failed' })
  t.equal(timers.size, 0)
})

t.test('OSRM finds routes; without it the distance is the great circle and a detour', async t => {
  const osrm = await service(
    t,
    json({ code: 'Ok', routes: [{ distance: 6_543.2, duration: 912.5, legs: [] }], waypoints: [] }),
  )
  const { maps, lines, clock } = mapsOf({ osrmUrl: osrm.url })
  const straightKm = distanceKm(
    berlin.latitude,
    berlin.longitude,
    charlottenburg.latitude,
    charlottenburg.longitude,
  )
  t.same(await maps.route(berlin, charlottenburg), {
    distance_km: 6.5432,
    duration_minutes: 15.3,
    source: 'router',
  })
  t.equal(osrm.asked[0], '/route/v1/driving/13.377700,52.516300;13.295700,52.520800?overview=false')
  await maps.route(berlin, charlottenburg)
  t.equal(osrm.asked.length, 1, 'the same route is asked for once')

  osrm.state.answer = json({ code: 'NoRoute', message: 'no way' }, 400)
  t.match(await maps.route(charlottenburg, berlin), { source: 'estimate' })
  osrm.state.answer = json({ code: 'Ok', routes: [{ distance: 1, duration: 1 }] })
  t.match(
    await maps.route(charlottenburg, berlin),
    { source: 'router' },
    'two points without a route are no outage',
  )

  osrm.state.answer = json({}, 502)
  const estimate = await maps.route(berlin, { latitude: 52.6, longitude: 13.4 })
  t.equal(estimate.source, 'estimate')
  t.match(lines.at(-1), /the router gave no route; distances are estimated meanwhile/)
  const asked = osrm.asked.length
  await maps.route(berlin, { latitude: 52.7, longitude: 13.4 })
  t.equal(osrm.asked.length, asked, 'the router is not asked for a while')
  clock.nowMs += mapsLimits.routerPauseMs
  await maps.route(berlin, { latitude: 52.7, longitude: 13.4 })
  t.equal(osrm.asked.length, asked + 1)

  const without = await mapsOf({}).maps.route(berlin, charlottenburg)
  t.same([without.distance_km, without.source], [straightKm * 1.3, 'estimate'])
  t.ok(Math.abs(without.duration_minutes - ((straightKm * 1.3) / 22) * 60) < 0.11)
})

t.test('a full cache forgets the entry that was used longest ago', async t => {
  const cache = new BoundedCache<number>(2, 1_000, () => 0)
  cache.set('a', 1)
  cache.set('b', 2)
  cache.get('a')
  cache.set('c', 3)
  t.same([cache.get('a'), cache.get('b'), cache.get('c'), cache.size], [1, undefined, 3, 2])
})
