/**
 * Appends, rows and ids for the contract of the journal. Each test takes its own slots and actors,
 * so one store serves the whole suite.
 */
import { minorOfDecimal } from '../../../protocol/pricing/money.ts'
import type { OrderEvent } from '../../../protocol/dispatch/events.ts'
import { orderNumber, uuidV7 } from '../../../protocol/kernel/ids.ts'
import { endedStatuses } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { placedFields, type OrderProgress } from '../../../protocol/orders/view-parts.ts'
import type { OrderRow } from '../../orders/row.ts'
import type { AppendRequest, AppendResult } from '../journal.ts'
import type { Leases } from '../leases.ts'

/** The time of the first version of an actor, ms since the epoch. */
export const startMs = Date.UTC(2026, 0, 5, 9)
let counter = 0
/** A new id. A counter is its seed, so ids are the same in every run. */
export const testId = (): string => {
  let state = ++counter
  return uuidV7(startMs + counter, () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647)
}
let lastSlot = 0
/** A slot that no other test has. */
export const testSlot = (): number => ++lastSlot

/** The view of an order, with texts that are hard to store. */
export function testOrderView(
  id: string,
  version: number,
  change: Partial<OrderView> = {},
): OrderView {
  const at = new Date(startMs + version).toISOString()
  return {
    id,
    kind: 'broadcast',
    order_number: orderNumber(id),
    tracking_token: `token-${id}`,
    status: 'pending',
    user_id: id,
    vendor_id: null,
    vendor_name: null,
    driver_id: null,
    driver_name: null,
    driver_phone: null,
    assignment_id: null,
    pickup_address: null,
    pickup_latitude: null,
    pickup_longitude: null,
    delivery_address: '5 Elm Row, "back door" \\ left',
    delivery_latitude: 28.6,
    delivery_longitude: 77.2,
    customer_name: "Zoë {Ødegård}, née \n O'Neil",
    customer_phone: '+1 555 0100',
    items: [{ name: 'Aspirin', quantity: 2 }],
    quantity: null,
    notes: 'nul \u0000 and lone \ud800',
    prescription_url: null,
    goods_classes: null,
    radius_km: 5,
    pharmacies_notified: 2,
    expires_at: new Date(startMs + 60_000).toISOString(),
    responses: [],
    driver_search: { state: 'idle', offers_made: 0, offer: null },
    estimated_distance_km: null,
    actual_distance_km: null,
    delivery_fee: null,
    currency: 'USD',
    proof_photo_url: null,
    signature_url: null,
    delivery_flag: null,
    reason: null,
    custody: null,
    created_at: new Date(startMs).toISOString(),
    updated_at: at,
    accepted_at: null,
    driver_assigned_at: null,
    arrived_at_pickup_at: null,
    picked_up_at: null,
    out_for_delivery_at: null,
    arrived_at_dropoff_at: null,
    delivered_at: null,
    ended_at: null,
    version,
    ...change,
  }
}

/** The row of an order that has this view. */
export function testOrderRow(view: OrderView, born: boolean): OrderRow {
  const ms = (at: string | null): number | null => (at === null ? null : Date.parse(at))
  const fixed: ReadonlySet<string> = new Set(placedFields)
  const part = (placed: boolean): object =>
    Object.fromEntries(
      Object.entries(view).filter(
        ([field, value]) => value !== null && fixed.has(field) === placed,
      ),
    )
  return {
    id: view.id,
    kind: view.kind,
    orderNumber: view.order_number,
    trackingToken: view.tracking_token,
    customerId: view.user_id,
    createdAtMs: Date.parse(view.created_at),
    placed: born ? part(true) : null,
    status: view.status,
    ended: endedStatuses.includes(view.status),
    pharmacyId: view.vendor_id,
    driverId: view.driver_id,
    offeredDriverId: view.driver_search.offer?.driver_id ?? null,
    expiresAtMs: ms(view.expires_at),
    updatedAtMs: Date.parse(view.updated_at),
    acceptedAtMs: ms(view.accepted_at),
    deliveredAtMs: ms(view.delivered_at),
    feeMinor: view.delivery_fee === null ? null : minorOfDecimal(view.delivery_fee, view.currency),
    currency: view.currency,
    actualDistanceKm: view.actual_distance_km,
    version: view.version,
    progress: part(false) as OrderProgress,
  }
}

/** An event with this text. */
export const testEvent = (text: string | null = null): OrderEvent => ({
  type: 'order_cancelled',
  data: { by: 'test', reason: text },
})

/** An append to an order. By default it has one event and its row. */
export function orderAppend(
  slot: number,
  epoch: number,
  actorId: string,
  fromVersion: number,
  change: Partial<AppendRequest> = {},
): AppendRequest {
  const events = change.events ?? [testEvent(`v${fromVersion + 1}`)]
  return {
    slot,
    epoch,
    kind: 'order',
    actorId,
    fromVersion,
    atMs: startMs + fromVersion,
    commandId: `c"${actorId}\\${fromVersion}`,
    by: { role: 'service', id: `by "${fromVersion}"` },
    events,
    row: {
      order: testOrderRow(testOrderView(actorId, fromVersion + events.length), fromVersion === 0),
    },
    ...change,
  }
}

/** The result of an append whose first event has this number. */
export const committedAt = (firstSeq: number): AppendResult => ({ outcome: 'committed', firstSeq })

/** Takes a slot, by force if needed, and returns its epoch. */
export async function acquired(journal: Leases, engineId: string, slot: number): Promise<number> {
  const [lease] = await journal.acquireSlots(engineId, [slot], 60_000, true)
  return lease!.epoch
}
