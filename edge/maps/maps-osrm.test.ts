/** The reader of the answers of an OSRM router. */
import t from 'tap'
import { limits } from '../../protocol/kernel/limits.ts'
import { osrmRouter } from './maps-osrm.ts'

const places = [
  { latitude: 27.7, longitude: 85.3 },
  { latitude: -1.23456789, longitude: 0 },
] as const
const asked: string[] = []
const route = (answer: unknown) =>
  osrmRouter('http://osrm', async url => {
    asked.push(String(url))
    return answer
  })(...(places as unknown as Parameters<ReturnType<typeof osrmRouter>>))
const ok = (distance: unknown, duration: unknown) => ({
  code: 'Ok',
  routes: [
    { distance, duration },
    { distance: 1, duration: 1 },
  ],
})

t.test('a valid answer gives kilometres and minutes', async t => {
  t.same(
    await route(ok(1_500, 61)),
    { distance_km: 1.5, duration_minutes: 1.1 },
    'rounded up to a tenth of a minute',
  )
  t.same(asked, [
    'http://osrm/route/v1/driving/85.300000,27.700000;0.000000,-1.234568?overview=false',
  ])
  t.same(await route(ok(0, 0)), { distance_km: 0, duration_minutes: 0 })
  t.same(await route(ok(limits.routeKmMax * 1_000, 6)), {
    distance_km: limits.routeKmMax,
    duration_minutes: 0.1,
  })
})

t.test('an invalid answer is an error', async t => {
  for (const [answer, why] of [
    [{ code: 'NoRoute', routes: [{ distance: 1, duration: 1 }] }, /answered NoRoute$/],
    [{ code: 'no route!' }, /without a code/],
    [{}, /without a code/],
    [{ code: 'x'.repeat(41) }, /without a code/],
    [{ code: 'x'.repeat(40) }, /answered x{40}$/],
    [{ code: 'Ok', routes: [] }, /answered Ok/],
    [{ code: 'Ok' }, /answered Ok/],
    [ok(-1, 1), /Ok/],
    [ok(limits.routeKmMax * 1_000 + 1, 1), /Ok/],
    [ok(1, -1), /Ok/],
    [ok(undefined, 1), /Ok/],
    [ok(1, undefined), /Ok/],
    [ok('far', 1), /Ok/],
  ] as const)
    await t.rejects(route(answer), { message: why })
})
