/**
 * A field that customers give is shown to the standings of its row, and to no other. It is null
 * where an older release did not know it.
 */
import t from 'tap'
import { orderEvents } from '../dispatch/order-events.ts'
import { upcast } from '../dispatch/upcast.ts'
import { eventVersion } from '../dispatch/events.ts'
import { commandSchemas } from '../dispatch/commands.ts'
import { givenNames, givenSeenBy, noneGiven, shownOf, stateOf, toldOf } from './fields.ts'
import { OrderView } from './view.ts'
import { placedFields } from './view-parts.ts'

t.test(
  'every field is in both commands, both events, the view and the part that is stored once',
  async t => {
    for (const name of givenNames) {
      for (const verb of ['broadcast', 'create'] as const)
        t.ok(name in commandSchemas.order[verb].properties, `${verb}: ${name}`)
      for (const type of ['broadcast_opened', 'order_placed'] as const)
        t.ok(name in orderEvents[type].data.properties, `${type}: ${name}`)
      t.ok(name in OrderView.properties, `view: ${name}`)
      t.ok(placedFields.includes(name), `stored: ${name}`)
    }
  },
)

t.test('from the command to the view no field is lost', async t => {
  const given = Object.fromEntries(givenNames.map(name => [name, `the ${name}`]))
  t.same(shownOf(stateOf(toldOf(given))), given)
  t.same(shownOf(stateOf(toldOf({}))), noneGiven)
  t.same(shownOf({}), noneGiven, 'a snapshot of a release without these fields')
})

t.test('in an event of a release that did not know a field, the field is null', async t => {
  const asked = orderEvents.order_placed.example
  const { notes: _unknown, ...data } = asked
  for (const v of [1, eventVersion])
    t.equal((upcast(v, { type: 'order_placed', data }).event.data as typeof asked).notes, null)
  t.match(upcast(eventVersion, { type: 'order_placed', data: asked }).event, {
    data: { notes: 'Call before delivery' },
  })
})

t.test('each standing sees the fields whose rows name it', async t => {
  for (const standing of ['offered', 'past', 'outsider'] as const)
    t.same(givenSeenBy(standing), standing === 'offered' ? ['goods_classes'] : [], standing)
  t.same(givenSeenBy('asked'), ['prescription_url', 'goods_classes'])
  t.same(givenSeenBy('carrier'), ['notes', 'goods_classes'])
})
