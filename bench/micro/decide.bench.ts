/**
 * An order's life in pure code: twelve commands are decided and their events evolved, from the
 * request to the delivery. The baseline is the cheapest possible step: spreading objects of the
 * same shape with one member changed. Without journal and mailbox, this is the cost of the rules
 * themselves.
 */
import type { Principal } from '../../protocol/kernel/principal.ts'
import { defaultTariff } from '../../protocol/pricing/tariff.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'
import type { OrderCommand } from '../../engine/orders/commands.ts'
import { decide } from '../../engine/orders/decide.ts'
import { evolve } from '../../engine/orders/evolve.ts'
import { absentOrder, type Order } from '../../engine/orders/state.ts'
import type { MicroSuite } from './suite.ts'

const ordersPerRun = 200
const startMs = 1_760_000_000_000
const id = (kind: number, index: number): string =>
  `0190a5a0-0000-7000-${8000 + kind}-${String(index).padStart(12, '0')}`

const customerId = id(1, 0)
const pharmacyId = id(2, 0)
const driverId = id(3, 0)
const offerId = id(4, 0)
const customer: Principal = { role: 'customer', id: customerId }
const pharmacy: Principal = { role: 'vendor', id: pharmacyId }
const driver: Principal = { role: 'driver', id: driverId }
const system: Principal = { role: 'system', id: 'engine' }
const vendor = {
  vendor_id: pharmacyId,
  name: 'Elm Row Pharmacy',
  phone: '+1 555 0100',
  latitude: 27.71,
  longitude: 85.32,
  address: '5 Elm Row',
  proof_required: true,
}
const fact = { driver_id: driverId, name: 'Dee', phone: '+1 555 0101', vehicle_type: 'scooter' }

/** A usual delivery, with a decline and an unanswered offer before the driver who accepts. */
function life(orderId: string): OrderCommand[] {
  const candidates = Array.from({ length: 20 }, (_, index) => ({
    vendor_id: id(2, index),
    distance_km: 0.3 + index * 0.2,
  }))
  const propose = (offer: number, to: number): OrderCommand => ({
    verb: 'propose_driver',
    by: system,
    candidate: { offerId: id(4, offer), driverId: id(3, to), etaMinutes: 4.2, distanceKm: 1.1 },
  })
  const signature = {
    id: id(6, 0),
    kind: 'signature',
    ownerId: id(5, 0),
    driverId,
    pharmacyId: null,
    orderId,
    atMs: Number.MAX_SAFE_INTEGER,
  }
  return [
    {
      verb: 'broadcast',
      by: customer,
      candidates,
      currency: 'USD',
      trackingToken: '0123456789abcdef0123456789abcdef',
      data: {
        order_id: orderId,
        customer_id: customerId,
        customer_name: 'Ann',
        customer_phone: '+1 555 0102',
        latitude: 27.7172,
        longitude: 85.324,
        radius_km: 5,
        items: [{ name: 'Paracetamol 500 mg', quantity: 2 }],
        expires_in_seconds: 300,
      },
    },
    {
      verb: 'respond',
      by: { role: 'vendor', id: id(2, 5) },
      data: { response_type: 'REJECTED', text_message: 'Out of stock' },
      vendor: { ...vendor, vendor_id: id(2, 5) },
      tariff: defaultTariff('USD'),
      search: null,
    },
    {
      verb: 'respond',
      by: pharmacy,
      data: { response_type: 'ACCEPTED', text_message: 'In stock' },
      vendor,
      tariff: defaultTariff('USD'),
      search: 'offer',
    },
    {
      verb: 'respond',
      by: { role: 'vendor', id: id(2, 7) },
      data: { response_type: 'ACCEPTED' },
      vendor: { ...vendor, vendor_id: id(2, 7) },
      tariff: defaultTariff('USD'),
      search: 'offer',
    },
    propose(8, 8),
    { verb: 'decline_offer', by: { role: 'driver', id: id(3, 8) }, data: { offer_id: id(4, 8) } },
    propose(0, 0),
    { verb: 'accept_offer', by: driver, data: { offer_id: offerId }, driver: fact },
    { verb: 'record_arrival', by: system, at: 'pickup' },
    { verb: 'pick_up', by: driver, data: {}, uploads: [] },
    { verb: 'out_for_delivery', by: driver, data: {} },
    {
      verb: 'deliver',
      by: driver,
      data: { signature_url: uploadUrl(signature.id) },
      actualDistanceKm: 2.2,
      doorDistanceM: 12,
      uploads: [signature],
    },
  ]
}

/** Runs the commands. The baseline spreads the states that the order passed. */
function liveThrough(commands: readonly OrderCommand[]): { order: Order; states: Order[] } {
  const states: Order[] = []
  let order: Order = absentOrder
  let nowMs = startMs
  for (const command of commands) {
    const decision = decide(order, command, (nowMs += 1_000))
    if (decision.ok)
      for (const event of decision.events) states.push((order = evolve(order, event, nowMs)))
  }
  return { order, states }
}

let sink = 0

async function cases() {
  const lives = Array.from({ length: ordersPerRun }, (_, index) => life(id(5, index)))
  const { order, states } = liveThrough(lives[0]!)
  if (order.kind !== 'delivered') throw new Error(`the order of this bench ends ${order.kind}`)
  const steps = lives[0]!.length
  return {
    'object spread of the same states': {
      operationsPerRun: ordersPerRun * states.length,
      run: () => {
        for (let index = 0; index < ordersPerRun; index++)
          for (const state of states) {
            const next =
              'core' in state
                ? { ...state, core: { ...state.core, createdAtMs: index } }
                : { ...state }
            sink += next.kind.length
          }
      },
    },
    'decide and evolve, a whole delivery': {
      operationsPerRun: ordersPerRun * steps,
      run: () => {
        for (const commands of lives) {
          let order: Order = absentOrder
          let nowMs = startMs
          for (const command of commands) {
            const decision = decide(order, command, (nowMs += 1_000))
            if (decision.ok)
              for (const event of decision.events) order = evolve(order, event, nowMs)
          }
          sink += order.kind.length
        }
      },
    },
    'decide alone, a late accept refused': {
      operationsPerRun: ordersPerRun * steps,
      run: () => {
        const late = lives[0]![3]!
        for (let index = 0; index < ordersPerRun * steps; index++)
          sink += decide(order, late, startMs).ok ? 1 : 0
      },
    },
  }
}

export const suite: MicroSuite = {
  name: 'decide',
  title: "an order's rules, pure",
  baseline: 'object spread of the same states',
  cases,
}
