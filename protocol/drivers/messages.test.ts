/** Messages to a driver: every field, with places and distances of an offer made less exact. */
import t from 'tap'
import type { OrderView } from '../orders/view.ts'
import { assignedMessage, membershipMessage, offerMessage } from './messages.ts'

t.test('an offer has areas and a rounded distance, an assignment has the places', async t => {
  const places = {
    pickup: { latitude: 1.234, longitude: 2.345 },
    dropoff: { latitude: 3.456, longitude: 4.567 },
  }
  const offer = (distance_km: number | null) =>
    offerMessage({
      offer_id: 'f',
      order_id: 'o',
      ...places,
      distance_km,
      fee: 3,
      currency: 'USD',
      expires_at: 'x',
    })
  t.same(offer(1.26), {
    type: 'offer',
    offer_id: 'f',
    order_id: 'o',
    pickup: { latitude: 1.23, longitude: 2.35, address: null },
    dropoff: { latitude: 3.46, longitude: 4.57, address: null },
    distance_km: 1.3,
    fee: 3,
    currency: 'USD',
    expires_at: 'x',
  })
  t.match(offer(null), { distance_km: null })
  const order = {
    id: 'o',
    assignment_id: 'f',
    driver_assigned_at: 't',
    status: 'driver_assigned',
    pickup_latitude: 1,
    pickup_longitude: 2,
    pickup_address: 'a',
    vendor_name: 'v',
    delivery_latitude: 3,
    delivery_longitude: 4,
    delivery_address: 'd',
    customer_name: 'c',
    customer_phone: 'p',
    items: [],
    notes: 'n',
    delivery_fee: 3,
    currency: 'USD',
  } as unknown as OrderView
  const told = (phone: string | null) => assignedMessage(order, phone)
  t.same(told('9'), {
    type: 'assigned',
    order_id: 'o',
    offer_id: 'f',
    assigned_at: 't',
    status: 'driver_assigned',
    pickup: { latitude: 1, longitude: 2, address: 'a', name: 'v', phone: '9' },
    dropoff: { latitude: 3, longitude: 4, address: 'd', name: 'c', phone: 'p' },
    items: [],
    notes: 'n',
    fee: 3,
    currency: 'USD',
  })
  t.notOk('phone' in told(null).pickup)
})

t.test('the message about a membership', async t => {
  t.same(membershipMessage('d', 'v', 'ended', ['o']), {
    type: 'membership',
    driver_id: 'd',
    vendor_id: 'v',
    membership: 'ended',
    active_order_ids: ['o'],
  })
})
