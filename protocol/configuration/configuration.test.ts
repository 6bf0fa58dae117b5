/** What a process knows of the configuration: the newest that it was given, whole. */
import t from 'tap'
import { configurationDefault, KnownConfiguration, radiusProblem } from './configuration.ts'

t.test('a newer configuration replaces an older one, and never the other way', async t => {
  const known = new KnownConfiguration()
  t.same([known.revision, known.values], [0, configurationDefault])
  known.take(null)
  known.take({ revision: 2, settings: { offer_seconds: 10 } })
  known.take({ revision: 1, settings: { offer_seconds: 20, takes_orders: false } })
  t.same(known.values, { ...configurationDefault, offer_seconds: 10 }, 'what is missing is default')
  known.take({ revision: 3, settings: {} })
  t.same([known.revision, known.values], [3, configurationDefault])
})

t.test('a radius outside of the bounds breaks a rule that names them', async t => {
  const bounds = { ...configurationDefault, radius_km_min: 2, radius_km_max: 10 }
  t.same(
    [1.9, 2, 10, 10.1].map(km => radiusProblem(bounds, km)),
    ['must be from 2 to 10', null, null, 'must be from 2 to 10'],
  )
})
