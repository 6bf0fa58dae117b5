/**
 * Live orders as on a busy evening, for benches of an order's cost at rest. They are made of events
 * through the real `evolve`, with names, addresses and items of ordinary length.
 */
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { evolve } from '../../engine/orders/evolve.ts'
import { absentOrder, type Order } from '../../engine/orders/state.ts'

const atMs = 1_790_000_000_000
/**
 * Of each hundred orders: sent and not yet accepted, accepted, the driver on the way to the
 * pharmacy, the driver on the way to the patient. Of the other five, three are open requests and
 * two not yet accepted.
 */
const share = { pending: 40, accepted: 30, assigned: 15, onTheWay: 10 }

/** People of a city. Each has many orders. */
const people = 5_000
const personId = (kind: number, random: () => number): string =>
  `0190a5a0-000${kind}-7abc-8def-${Math.floor(random() * people)
    .toString(16)
    .padStart(12, '0')}`

/** The n-th live order. An idle order waits for its pharmacy, or has one but no driver yet. */
export function liveOrder(n: number, random: () => number, idle = false): Order {
  const id = (): string => uuidV7(atMs + n, random)
  const hex = (): string => id().replaceAll('-', '')
  const degrees = (around: number): number => Math.round((around + random() / 5) * 1e6) / 1e6
  const place = (address: string) => ({
    latitude: degrees(27.7),
    longitude: degrees(85.3),
    address,
  })
  const vendor = {
    vendor_id: personId(1, random),
    name: 'City Pharmacy',
    phone: '+977 984 100 2000',
    ...place('4 Market Road, Kathmandu'),
    proof_required: true,
  }
  const born = {
    order_id: id(),
    tracking_token: hex(),
    customer_id: id(),
    customer_name: 'Anita Shrestha',
    customer_phone: '+977 984 123 4567',
    dropoff: place('Flat 3, 12 Garden Lane, Lalitpur'),
    items: [
      { name: 'Paracetamol 500 mg', quantity: 2 },
      { name: 'Cetirizine', quantity: 1 },
    ],
    quantity: null,
    notes: 'Ring twice',
    prescription_url: null,
    goods_classes: null,
    currency: 'USD',
    fee: { quote_id: null, vendor_id: vendor.vendor_id, fee_minor: 425, distance_km: 3.217 },
  }
  const kind = n % (idle ? share.pending + share.accepted : 100)
  const events: OrderEvent[] =
    kind < share.pending || kind % 2 === 0
      ? [{ type: 'order_placed', data: { ...born, vendor, distance_km: 3.217 } }]
      : [
          {
            type: 'broadcast_opened',
            data: {
              ...born,
              fee: null,
              radius_km: 5,
              expires_at_ms: atMs + 600_000,
              candidates: Array.from({ length: 8 }, (_, i) => ({
                vendor_id: personId(1, random),
                distance_km: i / 2,
              })),
            },
          },
        ]
  const step = (from: number): boolean => kind >= from
  if (step(share.pending) && kind < 95)
    events.push({
      type: 'order_accepted',
      data: { vendor, distance_km: 3.217, fee_minor: 425, text_message: null, audio_url: null },
    })
  if (step(share.pending + share.accepted) && kind < 95)
    events.push({
      type: 'driver_assigned',
      data: {
        offer_id: id(),
        driver: {
          driver_id: personId(2, random),
          name: 'Bikash Rai',
          phone: '+977 984 765 4321',
          vehicle_type: 'scooter',
        },
      },
    })
  if (step(share.pending + share.accepted + share.assigned) && kind < 95)
    events.push({ type: 'picked_up', data: {} }, { type: 'out_for_delivery', data: {} })
  return events.reduce<Order>(
    (order, event, i) => evolve(order, event, atMs + i * 60_000),
    absentOrder,
  )
}
