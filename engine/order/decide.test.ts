/**
 * What may happen to an order: a table in the order of the guards in decide.ts. A row is
 * [given events, command, now, what comes of it]; an outcome is a rejection's code, or the types of the
 * events; an empty list is "already so". Numbers in brackets are the invariants of SPEC.md.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { assetUrl } from '../../protocol/assets.ts'
import { isErrorCode } from '../../protocol/errors.ts'
import type { FeeTerms } from '../../protocol/commands.ts'
import type { OrderEvent } from '../../protocol/events.ts'
import type { SearchPolicy } from '../../protocol/drivers/policies.ts'
import { limits } from '../../protocol/limits.ts'
import { uploadUrl } from '../../protocol/upload-url.ts'
import type { OrderCommand } from './commands.ts'
import { decide } from './decide.ts'
import {
  admin,
  after,
  candidates,
  closed,
  customer,
  deadlineMs,
  driver,
  driverFact,
  driverIds,
  give,
  happened,
  id,
  offered,
  orderId,
  photo,
  principal,
  reached,
  vendor,
  vendorFact,
  vendorIds,
} from './fixtures.ts'

type Row = [
  given: readonly OrderEvent[],
  command: OrderCommand,
  nowMs: number,
  outcome: string | string[],
]

const stranger = principal('customer', id(0xc9))
const otherVendor = principal('vendor', vendorIds[1])
const otherDriver = principal('driver', driverIds[1])
const service = principal('service', 'billing')
const manyRefusals = [
  happened.opened,
  ...Array.from({ length: limits.responsesMax }, () => happened.refused),
]
const triedOut = [
  ...reached.searching,
  ...Array.from({ length: limits.offersPerSearchMax }, () => [offered(1), closed(1)]).flat(),
]
const noProof = [
  {
    ...happened.placed,
    data: { ...happened.placed.data, vendor: { ...vendorFact(0), proof_required: false } },
  },
  {
    ...happened.accepted,
    data: { ...happened.accepted.data, vendor: { ...vendorFact(0), proof_required: false } },
  },
  happened.assigned,
  happened.pickedUp,
  happened.onTheWay,
]

const table: Record<string, Row[]> = {
  broadcast: [
    [reached.absent, give.broadcast(stranger), 0, 'forbidden'],
    [reached.absent, give.broadcast(vendor), 0, 'forbidden'],
    [reached.absent, give.broadcast(driver), 0, 'forbidden'],
    [reached.pending, give.broadcast(), 0, 'order_already_exists'],
    [
      reached.broadcast,
      give.broadcast(stranger, { customer_id: stranger.id }),
      0,
      'order_already_exists',
    ],
    [reached.broadcast, give.broadcast(), 0, []],
    [reached.absent, give.broadcast(), 0, ['broadcast_opened']],
    [reached.absent, give.broadcast(service), 0, ['broadcast_opened']],
    [reached.absent, give.broadcast(customer, {}, []), 0, ['broadcast_opened', 'request_expired']],
  ],
  create: [
    [reached.absent, give.create(stranger), 0, 'forbidden'],
    [reached.absent, give.create(vendor), 0, 'forbidden'],
    [reached.broadcast, give.create(), 0, 'order_already_exists'],
    [
      reached.pending,
      give.create(stranger, { customer_id: stranger.id }),
      0,
      'order_already_exists',
    ],
    [reached.pending, give.create(), 0, []],
    [reached.absent, give.create(customer, {}, null), 0, 'vendor_not_found'],
    [reached.absent, give.create(), 0, ['order_placed']],
    [reached.absent, give.create(admin), 0, ['order_placed']],
  ],
  'any other command to an order that does not exist': [
    give.respond('ACCEPTED'),
    give.accept(),
    give.reject(),
    give.cancel(),
    give.reissueTracking(),
    give.assignDriver(),
    give.findDriver(),
    give.acceptOffer(),
    give.declineOffer(),
    give.pickUp(),
    give.outForDelivery(),
    give.deliver(),
    give.fail(),
    give.return(),
    give.completeReturn(),
    give.expire(),
    give.propose(),
    give.endSearch(),
    give.offerExpired(),
    give.driverRefused(),
    give.driverTook(),
    give.driverLeft(),
    give.arrive('pickup'),
  ].map((command): Row => [reached.absent, command, 0, 'order_not_found']),
  'driver_left: before the pick-up the order looks for another one, after it the driver brings it to the end':
    [
      [reached.accepted, give.driverLeft(), 0, []],
      [reached.offering, give.driverLeft(), 0, []],
      [reached.driver_assigned, give.driverLeft(1), 0, []],
      [
        reached.driver_assigned,
        give.driverLeft(),
        0,
        ['driver_unassigned', 'driver_search_started'],
      ],
      [reached.left, give.driverLeft(), 0, []],
      [reached.left, give.acceptOffer(), 0, 'offer_expired'],
      [reached.left, give.pickUp(), 0, 'order_not_found'],
      ...[
        reached.picked_up,
        reached.out_for_delivery,
        reached.failed,
        reached.returning,
        reached.delivered,
        reached.cancelledAssigned,
      ].map((given): Row => [given, give.driverLeft(), 0, []]),
    ],
  respond: [
    [reached.pending, give.respond('ACCEPTED'), 0, 'order_not_found'],
    [
      reached.broadcast,
      { ...give.respond('ACCEPTED'), by: principal('customer', vendorIds[0]) },
      0,
      'order_not_found',
    ],
    [
      reached.broadcast,
      { ...give.respond('ACCEPTED'), by: principal('driver', vendorIds[0]) },
      0,
      'order_not_found',
    ],
    [reached.accepted, give.respond('ACCEPTED'), 0, []],
    [reached.accepted, give.respond('REJECTED'), 0, 'request_already_assigned'],
    [reached.broadcast, give.respond('ACCEPTED', 2), 0, 'request_not_offered'],
    [reached.accepted, give.respond('ACCEPTED', 2), 0, 'request_not_offered'],
    [reached.expired, give.respond('ACCEPTED'), 0, 'request_expired'],
    [reached.cancelled, give.respond('ACCEPTED'), 0, 'request_cancelled'],
    [reached.cancelledWon, give.respond('ACCEPTED', 1), 0, 'request_already_assigned'],
    [reached.accepted, give.respond('ACCEPTED', 1), 0, 'request_already_assigned'],
    [reached.delivered, give.respond('REJECTED', 1), 0, 'request_already_assigned'],
    [reached.broadcast, give.respond('ACCEPTED'), deadlineMs, 'request_expired'],
    [reached.broadcast, give.respond('REJECTED'), deadlineMs, 'request_expired'],
    [reached.broadcast, give.respond('ACCEPTED', 0, null), 0, 'vendor_not_found'],
    [[happened.opened, happened.refused], give.respond('REJECTED', 1), 0, []],
    [manyRefusals, give.respond('REJECTED', 0), 0, []],
    [reached.broadcast, give.respond('REJECTED'), deadlineMs - 1, ['response_recorded']],
    [[happened.opened, happened.refused], give.respond('ACCEPTED', 1), 0, ['order_accepted']],
    [reached.broadcast, give.respond('ACCEPTED'), deadlineMs - 1, ['order_accepted']],
    [
      reached.broadcast,
      give.respond('ACCEPTED', 0, vendorFact(0), 'offer'),
      0,
      ['order_accepted', 'driver_search_started'],
    ],
  ],
  accept: [
    [reached.broadcast, give.accept(), 0, 'order_not_found'],
    [reached.pending, give.accept(otherVendor), 0, 'order_not_found'],
    [reached.pending, give.accept(customer), 0, 'order_not_found'],
    [reached.accepted, give.accept(), 0, []],
    [reached.rejected, give.accept(), 0, 'order_state_conflict'],
    [reached.picked_up, give.accept(), 0, 'order_state_conflict'],
    [reached.pending, give.accept(), 0, ['order_accepted']],
    [reached.pending, give.accept(admin), 0, ['order_accepted']],
    [reached.pending, give.accept(vendor, 'offer'), 0, ['order_accepted', 'driver_search_started']],
  ],
  reject: [
    [reached.broadcast, give.reject(), 0, 'order_not_found'],
    [reached.pending, give.reject(otherVendor), 0, 'order_not_found'],
    [reached.rejected, give.reject(), 0, []],
    [reached.accepted, give.reject(), 0, 'order_state_conflict'],
    [reached.pending, give.reject(), 0, ['order_rejected']],
  ],
  cancel: [
    [reached.broadcast, give.cancel(stranger), 0, 'order_not_found'],
    [reached.broadcast, give.cancel(vendor), 0, 'order_not_found'],
    [reached.accepted, give.cancel(otherVendor), 0, 'order_not_found'],
    [reached.driver_assigned, give.cancel(driver), 0, 'order_not_found'],
    [reached.cancelled, give.cancel(), 0, []],
    [reached.broadcast, give.cancel(), 0, ['order_cancelled']],
    [reached.pending, give.cancel(), 0, ['order_cancelled']],
    [reached.pending, give.cancel(vendor), 0, ['order_cancelled']],
    [reached.accepted, give.cancel(), 0, ['order_cancelled']],
    [reached.searching, give.cancel(), 0, ['order_cancelled']],
    [reached.offering, give.cancel(), 0, ['offer_closed', 'order_cancelled']],
    [reached.assigning, give.cancel(vendor), 0, ['offer_closed', 'order_cancelled']],
    [reached.driver_assigned, give.cancel(), 0, ['order_cancelled']],
    [reached.expired, give.cancel(), 0, 'request_expired'],
    [reached.picked_up, give.cancel(), 0, 'order_not_cancellable'],
    [reached.delivered, give.cancel(admin), 0, 'order_not_cancellable'],
    [reached.rejected, give.cancel(), 0, 'order_not_cancellable'],
  ],
  reissue_tracking: [
    [reached.broadcast, give.reissueTracking(stranger), 0, 'order_not_found'],
    [reached.broadcast, give.reissueTracking(vendor), 0, 'order_not_found'],
    [reached.accepted, give.reissueTracking(otherVendor), 0, 'order_not_found'],
    [reached.driver_assigned, give.reissueTracking(driver), 0, 'order_not_found'],
    [[...reached.accepted, happened.reissued], give.reissueTracking(), 0, []],
    [reached.broadcast, give.reissueTracking(), 0, ['tracking_reissued']],
    [reached.pending, give.reissueTracking(vendor), 0, ['tracking_reissued']],
    [reached.delivered, give.reissueTracking(), 0, ['tracking_reissued']],
    [reached.expired, give.reissueTracking(admin), 0, ['tracking_reissued']],
  ],
  'expire [10]': [
    [reached.broadcast, give.expire(), deadlineMs - 1, []],
    [reached.accepted, give.expire(), deadlineMs, []],
    [reached.broadcast, give.expire(), deadlineMs, ['request_expired']],
  ],
  find_driver: [
    [reached.broadcast, give.findDriver(), 0, 'order_not_found'],
    [reached.accepted, give.findDriver(otherVendor), 0, 'order_not_found'],
    [reached.accepted, give.findDriver(customer), 0, 'order_not_found'],
    [reached.pending, give.findDriver(), 0, 'order_state_conflict'],
    [reached.driver_assigned, give.findDriver(), 0, []],
    [reached.delivered, give.findDriver(), 0, []],
    [reached.cancelledAssigned, give.findDriver(), 0, 'order_state_conflict'],
    [reached.searching, give.findDriver(), 0, []],
    [reached.offering, give.findDriver(), 0, []],
    [reached.accepted, give.findDriver(), 0, ['driver_search_started']],
    [reached.exhausted, give.findDriver(), 0, ['driver_search_started']],
  ],
  'assign_driver [1]': [
    [reached.broadcast, give.assignDriver(), 0, 'order_not_found'],
    [reached.accepted, give.assignDriver(0, otherVendor), 0, 'order_not_found'],
    [reached.accepted, give.assignDriver(0, driver), 0, 'order_not_found'],
    [reached.driver_assigned, give.assignDriver(), 0, []],
    [reached.driver_assigned, give.assignDriver(1), 0, 'order_state_conflict'],
    [reached.pending, give.assignDriver(), 0, 'order_state_conflict'],
    [reached.assigning, give.assignDriver(), 0, []],
    [reached.assigning, give.assignDriver(1), 0, 'order_state_conflict'],
    [reached.offering, give.assignDriver(), 0, 'order_state_conflict'],
    [reached.accepted, give.assignDriver(), 0, ['offer_made']],
    [reached.searching, give.assignDriver(), 0, ['offer_made']],
    [reached.exhausted, give.assignDriver(0, service), 0, ['offer_made']],
  ],
  propose_driver: [
    [reached.cancelledWon, give.propose(), 0, []],
    [reached.offering, give.propose(1), 0, []],
    [reached.searching, give.propose(), 600_000, ['driver_search_ended']],
    [triedOut, give.propose(), 0, ['driver_search_ended']],
    [[...reached.offering, closed()], give.propose(0, id(0xff)), 0, []],
    [reached.searching, give.propose(), 0, ['offer_made']],
  ],
  end_search: [
    [reached.offering, give.endSearch(), 600_000, []],
    [reached.searching, give.endSearch(), 599_999, []],
    [reached.searching, give.endSearch(), 600_000, ['driver_search_ended']],
    [triedOut, give.endSearch(), 0, ['driver_search_ended']],
  ],
  'accept_offer [1]': [
    [reached.offering, give.acceptOffer(0, customer), 0, 'order_not_found'],
    [reached.offering, give.acceptOffer(0, vendor), 0, 'order_not_found'],
    [reached.driver_assigned, give.acceptOffer(), 0, []],
    [reached.offering, give.acceptOffer(0, otherDriver), 0, 'offer_not_yours'],
    [reached.offering, give.acceptOffer(), deadlineMs, 'offer_expired'],
    [reached.offering, give.acceptOffer(0, driver, null), 0, 'driver_not_found'],
    [reached.offering, give.acceptOffer(0, admin, driverFact(1)), 0, 'offer_not_yours'],
    [reached.offering, give.acceptOffer(), deadlineMs - 1, ['driver_assigned']],
    [reached.assigning, give.acceptOffer(), 0, ['driver_assigned']],
    [reached.offering, give.acceptOffer(0, admin, driverFact(0)), 0, ['driver_assigned']],
    [[...reached.offering, closed(0, 'expired')], give.acceptOffer(), 0, 'offer_expired'],
    [reached.driver_assigned, give.acceptOffer(0, otherDriver), 0, 'offer_expired'],
    [reached.cancelledWon, give.acceptOffer(), 0, 'offer_expired'],
  ],
  driver_took: [
    [reached.offering, give.driverTook(), 0, []],
    [reached.assigning, give.driverTook(1), 0, []],
    [reached.cancelledWon, give.driverTook(), 0, []],
    [reached.assigning, give.driverTook(), 0, ['driver_assigned']],
  ],
  decline_offer: [
    [reached.offering, give.declineOffer(0, customer), 0, 'order_not_found'],
    [reached.offering, give.declineOffer(0, vendor), 0, 'order_not_found'],
    [reached.offering, give.declineOffer(0, otherDriver), 0, 'offer_not_yours'],
    [reached.offering, give.declineOffer(), 0, ['offer_closed']],
    [reached.assigning, give.declineOffer(), 0, ['offer_closed']],
    [reached.driver_assigned, give.declineOffer(), 0, 'order_state_conflict'],
    [[...reached.offering, closed()], give.declineOffer(), 0, []],
    [[...reached.offering, closed(), offered(1)], give.declineOffer(), 0, []],
    // A stranger with a made-up offer must not be shown the order.
    [reached.offering, give.declineOffer(2, otherDriver), 0, 'offer_expired'],
    [reached.delivered, give.declineOffer(0, otherDriver), 0, 'offer_expired'],
    [reached.accepted, give.declineOffer(0, admin), 0, []],
  ],
  driver_refused: [
    [reached.searching, give.driverRefused(), 0, []],
    [reached.offering, give.driverRefused(1), 0, []],
    [reached.driver_assigned, give.driverRefused(), 0, []],
    [reached.offering, give.driverRefused(), 0, ['offer_closed']],
  ],
  offer_expired: [
    [reached.driver_assigned, give.offerExpired(), deadlineMs, []],
    [reached.offering, give.offerExpired(1), deadlineMs, []],
    [reached.offering, give.offerExpired(), deadlineMs - 1, []],
    [reached.offering, give.offerExpired(), deadlineMs, ['offer_closed']],
  ],
  'record_arrival [7]': [
    [reached.accepted, give.arrive('pickup'), 0, []],
    [reached.picked_up, give.arrive('pickup'), 0, []],
    [[...reached.driver_assigned, happened.atPickup], give.arrive('pickup'), 0, []],
    [reached.driver_assigned, give.arrive('pickup'), 0, ['arrived_at_pickup']],
    [reached.picked_up, give.arrive('dropoff'), 0, []],
    [[...reached.out_for_delivery, happened.atDropoff], give.arrive('dropoff'), 0, []],
    [reached.out_for_delivery, give.arrive('dropoff'), 0, ['arrived_at_dropoff']],
  ],
  update_driver: [
    [reached.accepted, give.updateDriver(), 0, []],
    [reached.driver_assigned, give.updateDriver(1), 0, []],
    [reached.driver_assigned, give.updateDriver(0, driverFact(0).phone), 0, []],
    [reached.driver_assigned, give.updateDriver(), 0, ['assigned_driver_updated']],
    [reached.picked_up, give.updateDriver(), 0, ['assigned_driver_updated']],
    [reached.out_for_delivery, give.updateDriver(), 0, ['assigned_driver_updated']],
    [reached.failed, give.updateDriver(), 0, ['assigned_driver_updated']],
    [reached.returning, give.updateDriver(), 0, ['assigned_driver_updated']],
    [[...reached.picked_up, happened.driverUpdated], give.updateDriver(), 0, []],
    [reached.delivered, give.updateDriver(), 0, []],
    [reached.cancelledAssigned, give.updateDriver(), 0, []],
  ],
  pick_up: [
    [reached.driver_assigned, give.pickUp(otherDriver), 0, 'order_not_found'],
    [reached.driver_assigned, give.pickUp(otherVendor), 0, 'order_not_found'],
    [reached.driver_assigned, give.pickUp(customer), 0, 'order_not_found'],
    [reached.picked_up, give.pickUp(), 0, []],
    [reached.accepted, give.pickUp(vendor), 0, 'order_state_conflict'],
    [reached.cancelledAssigned, give.pickUp(), 0, 'order_state_conflict'],
    [reached.driver_assigned, give.pickUp(), 0, ['picked_up']],
    [reached.driver_assigned, give.pickUp(vendor), 0, ['picked_up']],
  ],
  out_for_delivery: [
    [reached.picked_up, give.outForDelivery(otherDriver), 0, 'order_not_found'],
    [reached.out_for_delivery, give.outForDelivery(), 0, []],
    [reached.driver_assigned, give.outForDelivery(), 0, 'order_state_conflict'],
    [reached.picked_up, give.outForDelivery(), 0, ['out_for_delivery']],
  ],
  deliver: [
    [reached.out_for_delivery, give.deliver(customer), 0, 'order_not_found'],
    [reached.delivered, give.deliver(), 0, []],
    [reached.picked_up, give.deliver(), 0, 'order_state_conflict'],
    [reached.out_for_delivery, give.deliver(driver, {}), 0, 'proof_required'],
    [reached.out_for_delivery, give.deliver(driver, { proof_photo_url: '' }), 0, 'proof_required'],
    [
      reached.out_for_delivery,
      give.deliver(driver, { proof_photo_url: uploadUrl(photo.id) }),
      0,
      ['delivered'],
    ],
    [reached.out_for_delivery, give.deliver(driver, { proof_photo_url: 'p' }), 0, 'proof_invalid'],
    [noProof, give.deliver(driver, { signature_url: 's' }), 0, 'proof_invalid'],
    [reached.out_for_delivery, give.deliver(), 0, ['delivered']],
    [noProof, give.deliver(driver, {}), 0, ['delivered']],
  ],
  fail: [
    [reached.picked_up, give.fail(stranger), 0, 'order_not_found'],
    [reached.failed, give.fail(), 0, []],
    [reached.driver_assigned, give.fail(), 0, 'order_state_conflict'],
    [reached.picked_up, give.fail(), 0, ['delivery_failed']],
    [reached.out_for_delivery, give.fail(), 0, ['delivery_failed']],
  ],
  return: [
    [reached.failed, give.return(stranger), 0, 'order_not_found'],
    [reached.returning, give.return(), 0, []],
    [reached.picked_up, give.return(), 0, 'order_state_conflict'],
    [reached.failed, give.return(), 0, ['return_started']],
  ],
  complete_return: [
    [reached.returning, give.completeReturn(stranger), 0, 'order_not_found'],
    [reached.returned, give.completeReturn(), 0, []],
    [reached.failed, give.completeReturn(), 0, 'order_state_conflict'],
    [reached.returning, give.completeReturn(), 0, ['returned']],
  ],
}

const outcomeOf = (
  given: readonly OrderEvent[],
  command: OrderCommand,
  nowMs: number,
): string | string[] => {
  const decision = decide(after(given), command, nowMs)
  return decision.ok ? decision.events.map(event => event.type) : decision.code
}

for (const [name, rows] of Object.entries(table))
  t.test(name, async t => {
    for (const [given, command, nowMs, outcome] of rows)
      t.same(
        outcomeOf(given, command, nowMs),
        outcome,
        `${given.map(event => event.type).join(' ') || 'nothing'}: ${command.verb} of ${command.by.role} at ${nowMs} → ${[outcome].flat().join(' + ') || 'already so'}`,
      )
  })

t.test('to a stranger of any role an order does not exist', async t => {
  const ownedBy: Record<string, OrderCommand[]> = {
    customer: [give.cancel(stranger), give.reissueTracking(stranger)],
    vendor: [
      give.accept(otherVendor),
      give.reject(otherVendor),
      give.cancel(otherVendor),
      give.findDriver(otherVendor),
      give.assignDriver(0, otherVendor),
      give.pickUp(otherVendor),
      give.outForDelivery(otherVendor),
      give.deliver(otherVendor),
      give.fail(otherVendor),
      give.return(otherVendor),
      give.completeReturn(otherVendor),
    ],
    driver: [
      give.cancel(otherDriver),
      give.accept(otherDriver),
      give.reject(otherDriver),
      give.findDriver(otherDriver),
      give.assignDriver(0, otherDriver),
      give.pickUp(otherDriver),
      give.outForDelivery(otherDriver),
      give.deliver(otherDriver),
      give.fail(otherDriver),
      give.return(otherDriver),
      give.completeReturn(otherDriver),
    ],
  }
  for (const [state, given] of Object.entries(reached))
    for (const [role, commands] of Object.entries(ownedBy))
      for (const command of commands)
        t.equal(
          outcomeOf(given, command, 0),
          'order_not_found',
          `${state}: ${command.verb} of another ${role}`,
        )
})

t.test('what an accepted command writes down', async t => {
  const dataOf = (given: readonly OrderEvent[], command: OrderCommand, nowMs = 0) => {
    const decision = decide(after(given), command, nowMs)
    return decision.ok ? decision.events.map(event => event.data) : [decision.code]
  }
  t.match(
    dataOf(reached.absent, give.broadcast(), 1_000),
    [{ order_id: orderId, expires_at_ms: 61_000, candidates }],
    'a deadline from now',
  )
  const sideDoor = { pickup_latitude: 1, pickup_longitude: 2, pickup_address: 'side door' }
  t.match(
    dataOf(reached.absent, give.create(admin, sideDoor)),
    [{ vendor: { latitude: 1, longitude: 2, address: 'side door' } }],
    'a pick-up place of its own',
  )
  t.same(
    dataOf(reached.absent, give.create(customer, sideDoor)),
    dataOf(reached.absent, give.create(customer)),
    'a customer has no say in where the way begins that they pay for',
  )
  t.match(
    dataOf(reached.broadcast, give.respond('ACCEPTED', 1)),
    [{ vendor: { vendor_id: vendorIds[1] }, distance_km: 2.6, fee_minor: 320 }],
    "kilometres by road, the tariff's fee",
  )
  t.match(
    dataOf(
      reached.accepted,
      {
        verb: 'find_driver',
        by: vendor,
        data: { offer_seconds: 5, search_seconds: 60 },
        policy: 'offer',
      },
      1_000,
    ),
    [{ policy: 'offer', offer_ttl_ms: 5_000, deadline_ms: 61_000 }],
  )
  // There is one policy that searches today, so the second is made up.
  const other = 'other' as SearchPolicy
  for (const command of [
    give.accept(vendor, other),
    { verb: 'find_driver', by: vendor, data: {}, policy: other } as const,
  ]) {
    const before = command.verb === 'accept' ? reached.pending : reached.accepted
    const decision = decide(after(before), command, 1_000)
    t.match(
      after([...before, ...(decision.ok ? decision.events : [])]),
      { search: { auto: { policy: other } } },
      command.verb,
    )
  }
  t.match(
    dataOf(reached.searching, give.propose(), 590_000),
    [{ mode: 'offer', expires_at_ms: 600_000 }],
    'an offer does not outlive its search',
  )
  t.match(dataOf(reached.offering, give.cancel()), [{ outcome: 'withdrawn' }, { by: 'customer' }])
  t.match(
    dataOf(reached.offering, give.acceptOffer(0, admin)),
    [{ driver: { driver_id: driverIds[0] } }],
    '[1] the driver who was asked',
  )
})

t.test('the fee is the one that was told', async t => {
  const terms = (fee_minor: number, vendor_id: string | null = null): FeeTerms => ({
    quote_id: id(0xe1),
    vendor_id,
    fee_minor,
    distance_km: 7,
  })
  const feeOf = (given: readonly OrderEvent[], command: OrderCommand) => {
    const order = after(given)
    const decision = decide(order, command, 0)
    if (!decision.ok) return decision.code
    const [event] = decision.events
    return event?.type === 'order_placed'
      ? event.data.fee
      : event?.type === 'order_accepted'
        ? [event.data.fee_minor, event.data.distance_km]
        : null
  }
  const placedAt = (fee: FeeTerms | undefined): OrderEvent[] => {
    const decision = decide(after([]), give.create(customer, fee ? { fee } : {}), 0)
    return decision.ok ? [...decision.events] : []
  }
  const openedAt = (fee: FeeTerms): OrderEvent[] => [
    { ...happened.opened, data: { ...happened.opened.data, fee } },
  ]
  const quoting = (command: OrderCommand, fee: FeeTerms) =>
    ({ ...command, data: { ...('data' in command ? command.data : {}), fee } }) as OrderCommand

  t.match(
    feeOf([], give.create(customer, { distance_km: 12 })),
    { quote_id: null, vendor_id: vendorIds[0], fee_minor: 1450, distance_km: 12 },
    "the tariff over a router's kilometres",
  )
  t.same(feeOf([], give.create(customer, { fee: terms(99) })), terms(99), 'a quote is honoured')
  t.match(
    feeOf([], give.create(customer, { fee: terms(99, vendorIds[1]), distance_km: 1 })),
    { quote_id: null, fee_minor: 300 },
    "but not another pharmacy's",
  )
  t.same(feeOf(placedAt(terms(410)), give.accept()), [410, 7])
  t.same(
    feeOf(placedAt(terms(410)), quoting(give.accept(), terms(500))),
    [410, 7],
    'a pharmacy never takes more than the customer was told',
  )
  t.same(feeOf(placedAt(terms(410)), quoting(give.accept(), terms(400))), [400, 7])
  t.same(feeOf(reached.pending, give.accept()), [300, 1], 'an order of before fees were told')
  t.same(
    feeOf(openedAt(terms(777)), give.respond('ACCEPTED', 1)),
    [777, 7],
    'a request that was quoted',
  )
  t.same(
    feeOf(openedAt(terms(777, vendorIds[0])), give.respond('ACCEPTED', 1)),
    [320, 2.6],
    'for another pharmacy only',
  )
  t.same(
    feeOf(openedAt(terms(777)), quoting(give.respond('ACCEPTED', 1), terms(999))),
    [777, 7],
    "the customer's quote goes first",
  )
  t.same(
    feeOf(reached.broadcast, quoting(give.respond('ACCEPTED', 1), terms(999))),
    [999, 7],
    "the pharmacy's own",
  )
})

t.test('every rejection that decide.ts can return has a row', async t => {
  const source = ['decide', 'finding', 'parties', 'proof']
    .map(name => readFileSync(assetUrl(`engine/order/${name}.ts`), 'utf8'))
    .join('\n')
  const codes = new Set(
    [...source.matchAll(/(?:reject\(\s*|code: )'([a-z_]+)'/g)].map(match => match[1]!),
  )
  const rows = new Set(
    Object.values(table)
      .flat()
      .map(row => row[3])
      .filter(outcome => typeof outcome === 'string'),
  )
  t.ok(codes.size > 10, 'the source was read')
  for (const code of codes) t.ok(isErrorCode(code) && rows.has(code), code)
  t.same(
    [...rows].filter(code => !codes.has(code)),
    [],
    'no row expects what the source does not say',
  )
  const verbs = new Set(
    Object.values(table)
      .flat()
      .map(row => row[1].verb),
  )
  for (const [, verb] of source.matchAll(/case '([a-z_]+)': return [a-zA-Z]+\(order,/g))
    t.ok(verbs.has(verb as OrderCommand['verb']), `a row for ${verb}`)
  t.ok(verbs.has('broadcast') && verbs.has('create'))
})
