/**
 * The licence of a driver lapses while a parcel is under way: the socket stays for the delivery,
 * shows no offers, and takes no new work until the papers are good again.
 */
import t from 'tap'
import { offerMessage } from '../../protocol/drivers/messages.ts'
import type { DriverView } from '../../protocol/drivers/view.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { newId } from '../sockets/fixture.ts'
import { startDriverSocket } from './fixture-driver-socket.ts'

const { f, driverId, connect } = await startDriverSocket(t)
const write = async (set: string): Promise<void> => {
  await f.database.pool.query(`update drivers set ${set}, version = version + 1 where id = $1`, [
    driverId,
  ])
  await f.ctx.standings.announce()
}
const pushOffer = (): string => {
  const offer_id = newId()
  const message = offerMessage({
    offer_id,
    order_id: newId(),
    pickup: { latitude: 1, longitude: 2 },
    dropoff: { latitude: 3, longitude: 4 },
    distance_km: 1,
    fee: 3,
    currency: 'USD',
    expires_at: new Date().toISOString(),
  })
  f.push({ kind: 'topic', topic: `driver:${driverId}`, message })
  return offer_id
}

t.test('a driver whose papers lapse takes no more work over the socket', async t => {
  const commands: string[] = []
  f.script.order = async ({ verb, actor_id }) => {
    commands.push(verb)
    return { ok: true, order: { id: actor_id } as OrderView, outcome: {} }
  }
  f.script.driver = async ({ verb, data }) => {
    commands.push(`${verb} ${(data as { status: string }).status}`)
    return { ok: true, driver: { status: 'offline' } as DriverView }
  }
  await write(`active_order_ids = array['${newId()}'::uuid]`)
  const early = await connect()
  const requirement = newId()
  await f.database.pool.query(
    `insert into requirements (id, role, kind, effect, grace_days, four_eyes, created_by, created_at)
      values ($1, 'driver', 'driver_licence', 'blocking', 0, false, $2, now())`,
    [requirement, newId()],
  )
  await write('papers_held = true')
  const late = await connect()
  for (const socket of [early, late]) {
    const answer = { offer_id: newId(), order_id: newId() }
    pushOffer()
    socket.send({ type: 'offer_response', ...answer, accept: true })
    t.match(await socket.next(), { type: 'offer_result', code: 'driver_not_member' })
    socket.send({ type: 'status', status: 'available' })
    t.match(await socket.next(), { type: 'status_result', code: 'driver_not_member' })
    t.same(commands.splice(0), [], 'the actors hear nothing of it')
    socket.send({ type: 'offer_response', ...answer, accept: false })
    t.match(await socket.next(), { type: 'offer_result', outcome: 'declined' })
    socket.send({ type: 'status', status: 'offline' })
    t.match(await socket.next(), { type: 'status_result', outcome: 'changed' })
    t.same(commands.splice(0), ['decline_offer', 'set_status offline'])
  }

  await f.database.pool.query('update requirements set ended_at = now() where id = $1', [
    requirement,
  ])
  await write('papers_held = false')
  const offer_id = pushOffer()
  for (const socket of [early, late])
    t.match(await socket.next(), { type: 'offer', offer_id }, 'the papers are good again')
})
