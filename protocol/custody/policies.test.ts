/** The policies of classes add up, and a pharmacy can only add. */
import t from 'tap'
import { Compile } from 'typebox/compile'
import fc from '../testing/properties.ts'
import { goodsClasses } from './classes.ts'
import { asksNothing, CustodyAdditions, needs, policies, policyOf, stages } from './policies.ts'

const valid = Compile(CustodyAdditions)

t.test('plain goods ask for nothing', async t => {
  t.ok(asksNothing(policyOf([])))
  t.ok(asksNothing(policyOf(['plain'])))
  for (const name of goodsClasses) t.equal(asksNothing(policies[name]), name === 'plain', name)
})

t.test('the strictest of all classes and additions counts', async t => {
  const all = policyOf(['cold_chain', 'controlled', 'age_restricted'], {
    controlled: { return_minutes: 60, minimum_age: 21 },
    age_restricted: { minimum_age: 19 },
  })
  t.same(all.pickup, ['seal_number', 'scans', 'temperature', 'both_sides'])
  t.match(all, { minimumAge: 21, returnMinutes: 60, celsius: { min: 2, max: 8 } })
  t.same(policyOf([], { plain: { pickup: ['photo'] } }).pickup, ['photo'])
  t.same(
    policyOf(['prescription'], { prescription: { minimum_age: 18 } }).handover,
    ['signature', 'identity', 'in_person', 'named_agent'],
    'an age is read from a document, in person',
  )
})

t.test('an addition takes nothing away', async t => {
  const list = fc.subarray([...needs])
  const addition = fc.record({ pickup: list, handover: list, return: list })
  fc.assert(
    fc.property(fc.constantFrom(...goodsClasses), addition, (name, added) => {
      const own = policies[name]
      const more = policyOf([name], { [name]: added } as CustodyAdditions)
      return stages.every(stage => own[stage].every(need => more[stage].includes(need)))
    }),
  )
  t.ok(valid.Check({ plain: { pickup: ['photo'] }, controlled: { minimum_age: 19 } }))
  for (const wrong of [
    { plain: { pickup: ['code'] } },
    { plain: { handover: ['both_sides'] } },
    { narcotic: {} },
    { plain: { minimum_age: 11 } },
    { plain: { return_minutes: 0 } },
    { plain: { pickup: ['photo', 'photo'] } },
  ])
    t.notOk(valid.Check(wrong), JSON.stringify(wrong))
})
