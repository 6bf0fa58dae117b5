/**
 * The last delivery of a driver who may not work ends while its push is lost: the socket of that
 * driver is still closed, and no other.
 */
import t from 'tap'
import { addDriver, addPharmacy, newId, startFixture, type Message } from '../sockets/fixture.ts'

const edge = await startFixture()
t.teardown(() => edge.stop())

const driverOf = async (
  pharmacyId: string,
  parcel: boolean,
): Promise<{ driverId: string; userId: string }> => {
  const [driverId, userId] = [newId(), newId()]
  await addDriver(edge.database, { userId, pharmacyId, driverId })
  if (parcel)
    await edge.database.pool.query(
      `update drivers set active_order_ids = array[$2::uuid], version = version + 1 where id = $1`,
      [driverId, newId()],
    )
  return { driverId, userId }
}
const open = async (driver: { driverId: string; userId: string }) => {
  const socket = edge.connect(`/ws/driver?token=${await edge.token('driver', driver)}`)
  await socket.next('connection')
  return socket
}
const write = (set: string, driverId: string) =>
  edge.database.pool.query(`update drivers set ${set}, version = version + 1 where id = $1`, [
    driverId,
  ])
const pharmacy = async (): Promise<string> => {
  const pharmacyId = newId()
  await addPharmacy(edge.database, { userId: newId(), pharmacyId })
  return pharmacyId
}

t.test(
  'sockets of drivers who may not work are closed when their last order has ended',
  async t => {
    const [good, bad] = [await pharmacy(), await pharmacy()]
    const heldPharmacy = await pharmacy()
    const [held, ofHeld] = [await driverOf(good, true), await driverOf(heldPharmacy, true)]
    const [heldSocket, ofHeldSocket] = [await open(held), await open(ofHeld)]
    const [gone, late, back, ofBad, other] = [
      await driverOf(good, true),
      await driverOf(good, true),
      await driverOf(good, true),
      await driverOf(bad, true),
      await driverOf(good, true),
    ]
    const [goneSocket, backSocket, ofBadSocket, otherSocket] = [
      await open(gone),
      await open(back),
      await open(ofBad),
      await open(other),
    ]
    for (const { driverId } of [gone, late, back]) await write(`membership = 'ended'`, driverId)
    await edge.database.pool.query(`update vendors set status = 'suspended' where id = $1`, [bad])
    await write('papers_held = true', held.driverId)
    await edge.database.pool.query('update vendors set papers_held = true where id = $1', [
      heldPharmacy,
    ])
    await edge.ctx.standings.announce()
    // This socket opens after the end of the membership, to finish the delivery.
    const lateSocket = await open(late)
    await write(`membership = 'active'`, back.driverId)
    await edge.ctx.standings.announce()
    t.same(
      [goneSocket, lateSocket, backSocket, ofBadSocket, otherSocket, heldSocket, ofHeldSocket].map(
        socket => socket.ws.readyState,
      ),
      [1, 1, 1, 1, 1, 1, 1],
      'all of them still have an order',
    )
    for (const { driverId } of [gone, late, back, ofBad, other, held, ofHeld])
      await write(`active_order_ids = '{}'`, driverId)
    for (const socket of [goneSocket, lateSocket, ofBadSocket, heldSocket, ofHeldSocket])
      t.match(await socket.closed, { code: 4003, reason: /last parcel/ })
    const cut = await driverOf(good, false)
    const cutSocket = await open(cut)
    await write(`membership = 'ended'`, cut.driverId)
    await edge.ctx.standings.announce()
    t.match(await cutSocket.closed, { code: 4003 })
    t.match(
      cutSocket.heard.at(-1),
      { type: 'membership', driver_id: cut.driverId, vendor_id: good, membership: 'ended' },
      "the driver is told before, also when the engine's push was lost",
    )
    t.same((cutSocket.heard.at(-1) as Message)['active_order_ids'], [])
    t.same(
      [backSocket, otherSocket].map(socket => socket.ws.readyState),
      [1, 1],
      'drivers of a pharmacy that works stay connected',
    )
  },
)
