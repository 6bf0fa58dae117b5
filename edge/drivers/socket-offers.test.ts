/**
 * The work that a driver's socket brings: offers and the answers to them, orders after a
 * reconnection, and the driver's status.
 */
import t from 'tap'
import { offerMessage, type OfferMessage } from '../../protocol/drivers/messages.ts'
import { CaduceusError, type ErrorCode } from '../../protocol/kernel/errors.ts'
import type { DriverView } from '../../protocol/drivers/view.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { addOrder, newId } from '../sockets/fixture.ts'
import { startDriverSocket } from './fixture-driver-socket.ts'

const { f, pharmacyId, driverId, connect } = await startDriverSocket(t)

const offerOf = (offer_id: string, order_id: string): OfferMessage =>
  offerMessage({
    offer_id,
    order_id,
    pickup: { latitude: 1, longitude: 2 },
    dropoff: { latitude: 3, longitude: 4 },
    distance_km: 1,
    fee: 3,
    currency: 'USD',
    expires_at: new Date().toISOString(),
  })

t.test(
  'a driver who reconnects sees the offer they hold and the orders they have, once',
  async t => {
    const offer = {
      offer_id: newId(),
      driver_id: driverId,
      expires_at: new Date(Date.now() + 60_000).toISOString(),
    }
    const offered = await addOrder(f.database, {
      id: newId(),
      user_id: newId(),
      vendor_id: pharmacyId,
      status: 'accepted',
      driver_search: { state: 'offering', offers_made: 1, offer },
    })
    await addOrder(f.database, {
      id: newId(),
      user_id: newId(),
      vendor_id: pharmacyId,
      status: 'accepted',
      driver_search: { state: 'offering', offers_made: 1, offer: { ...offer, driver_id: newId() } },
    })
    const active = await addOrder(f.database, {
      id: newId(),
      user_id: newId(),
      vendor_id: pharmacyId,
      driver_id: driverId,
      status: 'picked_up',
    })
    await addOrder(f.database, {
      id: newId(),
      user_id: newId(),
      vendor_id: pharmacyId,
      driver_id: driverId,
      status: 'delivered',
    })
    const socket = await connect()
    t.match(await socket.next(), {
      type: 'offer',
      offer_id: offer.offer_id,
      order_id: offered.id,
      pickup: { latitude: 27.71 },
      dropoff: { latitude: 27.7 },
      distance_km: 2.5,
      fee: 3,
      currency: 'USD',
      expires_at: offer.expires_at,
    })
    t.match(await socket.next(), { type: 'assigned', order_id: active.id })
    const topic = `driver:${driverId}`
    f.push({
      kind: 'topic',
      topic,
      message: offerOf(offer.offer_id, offered.id),
    })
    const withdrawn = {
      type: 'offer_withdrawn',
      offer_id: offer.offer_id,
      order_id: offered.id,
      reason: 'expired',
    } as const
    f.push({ kind: 'topic', topic, message: withdrawn })
    t.same(await socket.next(), withdrawn, 'the offer is not shown again')
    t.same(socket.heard, [])

    f.script.order = async envelope => {
      t.match(envelope, {
        actor_id: offered.id,
        verb: 'accept_offer',
        by: { role: 'driver', id: driverId },
        data: { offer_id: offer.offer_id },
      })
      return { ok: true, order: offered, outcome: {} }
    }
    socket.send({ type: 'offer_response', offer_id: offer.offer_id, accept: true, id: 'x' })
    t.same(await socket.next(), {
      type: 'offer_result',
      offer_id: offer.offer_id,
      order_id: offered.id,
      outcome: 'accepted',
      id: 'x',
    })
    socket.ws.close()
  },
)

t.test('the answer to an offer gets its outcome, and a code when it is refused', async t => {
  const socket = await connect()
  while ((await socket.next()).type !== 'assigned') continue
  const rows: [ErrorCode, string][] = [
    ['offer_expired', 'expired'],
    ['offer_not_yours', 'not_yours'],
    ['offer_not_found', 'not_found'],
    ['driver_at_capacity', 'error'],
  ]
  for (const [code, outcome] of rows) {
    f.script.order = async () => {
      throw new CaduceusError(code)
    }
    const offer_id = newId()
    socket.send({
      type: 'offer_response',
      offer_id,
      order_id: newId(),
      accept: false,
      reason: 'too far',
    })
    t.match(await socket.next(), { type: 'offer_result', offer_id, outcome, code })
  }
  socket.send({ type: 'offer_response', offer_id: newId(), accept: true })
  t.match(
    await socket.next(),
    { type: 'offer_result', outcome: 'not_found', code: 'offer_not_found' },
    'an offer that does not exist',
  )
  f.script.order = async envelope => {
    t.same(envelope.data, { offer_id: offerId, reason: 'too far' })
    return { ok: true, order: { id: orderId } as OrderView, outcome: {} }
  }
  const [offerId, orderId] = [newId(), newId()]
  f.push({
    kind: 'topic',
    topic: `driver:${driverId}`,
    message: offerOf(offerId, orderId),
  })
  t.match(await socket.next(), { type: 'offer' })
  socket.send({ type: 'offer_response', offer_id: offerId, accept: false, reason: 'too far' })
  t.match(await socket.next(), { type: 'offer_result', order_id: orderId, outcome: 'declined' })
  socket.ws.close()
})

t.test('a change of status gets the new status, or the code of the refusal', async t => {
  const socket = await connect()
  f.script.driver = async envelope => {
    t.match(envelope, {
      actor_id: driverId,
      verb: 'set_status',
      by: { role: 'driver', id: driverId },
      data: { status: 'available' },
    })
    return { ok: true, driver: { status: 'available' } as DriverView }
  }
  socket.send({ type: 'status', status: 'available', id: '1' })
  t.same(await socket.next('status_result'), {
    type: 'status_result',
    outcome: 'changed',
    status: 'available',
    id: '1',
  })
  f.script.driver = async () => {
    throw new CaduceusError('driver_has_active_orders')
  }
  socket.send({ type: 'status', status: 'offline' })
  t.match(await socket.next('status_result'), {
    outcome: 'error',
    code: 'driver_has_active_orders',
  })
  socket.ws.close()
})
