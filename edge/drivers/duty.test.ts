/** A driver whom the engine does not know yet goes on duty over HTTP. */
import t from 'tap'
import { startParties } from '../acceptance/fixture-parties.ts'

const { edge, call, driver } = await startParties(t)

t.test('a driver unknown to the engine is registered there on going on duty', async t => {
  let known = false
  edge.commands.length = 0
  const answer = edge.script.answer
  edge.script.answer = command => {
    if (command.verb === 'register') known = true
    return known
      ? ({
          ok: true,
          driver: { status: 'available', capacity: 1, active_order_ids: [] },
        } as never)
      : { ok: false, problem: { code: 'driver_not_found', detail: 'x' } }
  }
  const set = await call('PATCH', `/api/drivers/${driver.id}/status`, {
    token: driver.token,
    body: { status: 'available' },
  })
  edge.script.answer = answer
  t.match(set, { status: 200, body: { status: 'available' } })
  t.same(
    edge.commands.map(c => c.verb),
    ['set_status', 'register', 'set_status'],
  )
  t.equal(edge.commands[1]!.id, `register:${driver.id}`)
})
