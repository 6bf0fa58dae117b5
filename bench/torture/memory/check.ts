/**
 * Compares every client's memory with the journal, and the journal with itself, the read model and
 * the published events. Each line of the result is an error. The numbers in brackets are the
 * invariants of engine/SPEC.md.
 */
import { factsOf } from '../../../protocol/orders/statuses.ts'
import { kinds } from '../../../engine/kinds.ts'
import type { OrderWrite } from '../../../engine/orders/tables.ts'
import { Kinds } from '../../../engine/actors/kind.ts'
import type { DriverView } from '../../../protocol/drivers/view.ts'
import type { JournaledEvent, Ledger } from './ledger.ts'
import type { Memory, Remembered } from './memory.ts'
import type { Published } from './published.ts'

const ends = new Set([
  'delivered',
  'returned',
  'order_cancelled',
  'order_rejected',
  'request_expired',
])
const onceOnly = new Set([
  'broadcast_opened',
  'order_placed',
  'order_accepted',
  'driver_assigned',
  'picked_up',
  'out_for_delivery',
  'delivered',
  'delivery_failed',
  'returned',
])

/**
 * All errors; empty when everything agrees. `published` is null for a process without other
 * services. `nowMs`: requests whose deadline is before it must have ended.
 */
export function check(
  memory: Memory,
  ledger: Ledger,
  published: Published | null,
  nowMs: number,
): string[] {
  const byActor = new Map<string, JournaledEvent[]>()
  for (const event of ledger.events) {
    const list = byActor.get(event.actorId)
    if (list === undefined) byActor.set(event.actorId, [event])
    else list.push(event)
  }
  for (const list of byActor.values()) list.sort((a, b) => a.version - b.version)
  return [
    ...memory.contradictions,
    ...numbering(ledger.events, byActor),
    ...[...byActor].flatMap(([actorId, events]) => replay(actorId, events, ledger)),
    ...[...memory.orders.values()].flatMap(order =>
      remembered(order, byActor.get(order.orderId) ?? []),
    ),
    ...creations(memory, ledger),
    ...books(ledger, nowMs),
    ...(published === null ? [] : publication(ledger, published)),
  ]
}

function numbering(
  events: readonly JournaledEvent[],
  byActor: ReadonlyMap<string, JournaledEvent[]>,
): string[] {
  const wrong: string[] = []
  const last = new Map<number, number>()
  for (const { slot, seq } of events) {
    const expected = (last.get(slot) ?? 0) + 1
    if (seq !== expected)
      wrong.push(`[6] slot ${slot}: after ${expected - 1} comes ${seq} in the journal`)
    last.set(slot, seq)
  }
  for (const [actorId, list] of byActor) {
    list.forEach(({ version }, index) => {
      if (version !== index + 1)
        wrong.push(`[4] ${actorId}: version ${version} in place ${index + 1}`)
    })
    const commands = new Map<string, number>()
    for (const { commandId, atMs } of list) {
      if (commandId === null) continue
      if (commands.has(commandId) && commands.get(commandId) !== atMs)
        wrong.push(`[3] ${actorId}: the command ${commandId} had effects twice`)
      commands.set(commandId, atMs)
    }
  }
  return wrong
}

const known = new Kinds(kinds)

/** Replays the events through `evolve`. The row that people see must be the result. */
function replay(actorId: string, events: readonly JournaledEvent[], ledger: Ledger): string[] {
  const wrong: string[] = []
  const { kind } = events[0]!
  const behaviour = known.named(kind)
  let state = behaviour.absent
  const seen = new Set<string>()
  let ended: string | null = null
  for (const { event, atMs } of events) {
    if (kind === 'order') {
      if (onceOnly.has(event.type) && seen.has(event.type))
        wrong.push(
          `[${event.type === 'order_accepted' || event.type === 'driver_assigned' ? 1 : 4}] ${actorId}: ${event.type} twice`,
        )
      if (ended !== null && ends.has(event.type))
        wrong.push(`[4] ${actorId}: ${event.type} after ${ended}`)
      seen.add(event.type)
      if (ends.has(event.type)) ended = event.type
    }
    state = behaviour.evolve(state, event, atMs)
  }
  const row = behaviour.row(state, events.length, events.at(-1)!.atMs, false)
  const stored = kind === 'order' ? ledger.orders.get(actorId) : ledger.drivers.get(actorId)
  if (stored === undefined)
    return [...wrong, `[2] ${kind} ${actorId} is in the journal and not in the read model`]
  if (stored.version !== events.length)
    wrong.push(
      `[2] ${kind} ${actorId} is at version ${stored.version} in the read model and at ${events.length} in the journal`,
    )
  if (kind === 'order') {
    const said = (row as OrderWrite).order
    const order = ledger.orders.get(actorId)!
    if (
      said.status !== order.status ||
      said.pharmacyId !== order.pharmacyId ||
      said.driverId !== order.driverId
    )
      wrong.push(
        `[2] order ${actorId} shows ${order.status} ${order.pharmacyId} ${order.driverId}, its events say ${said.status} ${said.pharmacyId} ${said.driverId}`,
      )
  } else {
    const { status } = row as DriverView
    if (status !== stored.status)
      wrong.push(`[2] driver ${actorId} shows ${stored.status}, its events say ${status}`)
  }
  return wrong
}

function remembered(order: Remembered, events: readonly JournaledEvent[]): string[] {
  const wrong: string[] = []
  const lost = (what: string): void => {
    wrong.push(
      `[2] ${order.orderId}: ${what} was acknowledged and is not in the journal (${events.map(one => one.event.type).join(' ') || 'nothing is'})`,
    )
  }
  const of = (type: string) =>
    events
      .filter(one => one.event.type === type)
      .map(one => one.event.data as Record<string, unknown>)
  if (of(order.kind === 'broadcast' ? 'broadcast_opened' : 'order_placed').length === 0)
    lost('its creation')
  const accepted = of('order_accepted')[0]
  const winner =
    accepted === undefined ? null : (accepted['vendor'] as { vendor_id: string }).vendor_id
  if (order.winner !== null && winner !== order.winner)
    lost(`that ${order.winner} has it (${winner} has)`)
  for (const loser of order.losers)
    if (winner === null || winner === loser)
      wrong.push(
        `[1] ${order.orderId}: ${loser} was told that another pharmacy has it, and ${winner ?? 'nobody'} has`,
      )
  for (const pharmacyId of order.declined)
    if (
      order.kind === 'broadcast' &&
      of('response_recorded').every(data => data['vendor_id'] !== pharmacyId) &&
      events.length < 200
    )
      lost(`that ${pharmacyId} declined`)
  if (order.rejected && of('order_rejected').length === 0) lost('its rejection')
  if (order.cancelled && of('order_cancelled').length === 0) lost('its cancellation')
  if (order.expiredTold && winner !== null)
    wrong.push(`[10] ${order.orderId}: told to be over, and ${winner} has it`)
  const driver = (of('driver_assigned')[0]?.['driver'] as { driver_id: string } | undefined)
    ?.driver_id
  for (const driverId of order.assigned)
    if (driver !== driverId) lost(`that ${driverId} drives (${driver ?? 'nobody'} does)`)
  const types = {
    picked_up: 'picked_up',
    out_for_delivery: 'out_for_delivery',
    delivered: 'delivered',
    failed: 'delivery_failed',
    returning: 'return_started',
    returned: 'returned',
  }
  for (const step of order.steps) if (of(types[step]).length === 0) lost(step)
  return wrong
}

/** A creation must make at most one order, however often it was repeated. */
function creations(memory: Memory, ledger: Ledger): string[] {
  const counts = new Map<string, number>()
  for (const { userId } of ledger.orders.values()) counts.set(userId, (counts.get(userId) ?? 0) + 1)
  return [...counts]
    .filter(([userId, count]) => count > (memory.attempted.get(userId) ?? 0))
    .map(
      ([userId, count]) =>
        `[3] ${userId} has ${count} orders and asked for ${memory.attempted.get(userId) ?? 0}`,
    )
}

/** At rest, orders and drivers must agree, and every broadcast must have ended. */
function books(ledger: Ledger, nowMs: number): string[] {
  const wrong: string[] = []
  const carried = new Map<string, string[]>()
  for (const { id, status, driverId, expiresAtMs } of ledger.orders.values()) {
    if (driverId !== null && factsOf(status)?.underWay === true)
      carried.set(driverId, [...(carried.get(driverId) ?? []), id])
    if (status === 'pending' && expiresAtMs !== null && expiresAtMs < nowMs)
      wrong.push(`[10] ${id} is still open after its deadline`)
  }
  for (const { id, capacity, activeOrderIds } of ledger.drivers.values()) {
    if (activeOrderIds.length > capacity)
      wrong.push(`[8] driver ${id} carries ${activeOrderIds.length} and can carry ${capacity}`)
    const orders = carried.get(id) ?? []
    if ([...orders].sort().join() !== [...activeOrderIds].sort().join())
      wrong.push(
        `[8] driver ${id} carries ${activeOrderIds.join(' ') || 'nothing'}, by the orders ${orders.join(' ') || 'nothing'}`,
      )
  }
  return wrong
}

function publication(ledger: Ledger, { bySlot, ids }: Published): string[] {
  const wrong: string[] = []
  for (const [slot, seqs] of bySlot)
    seqs.forEach((seq, index) => {
      if (index > 0 && seq !== seqs[index - 1]! + 1 && wrong.length < 50)
        wrong.push(`[6] slot ${slot}: after ${seqs[index - 1]} was ${seq} published`)
    })
  const stored = new Set<string>()
  for (const { slot, seq, event, actorId } of ledger.events) {
    const id = `${slot}.${seq}`
    stored.add(id)
    const told = ids.get(id)
    if (told === undefined)
      wrong.push(`[6] ${id} (${event.type} of ${actorId}) was never published`)
    else if (told.type !== event.type || told.actor_id !== actorId)
      wrong.push(
        `[6] ${id} is ${event.type} of ${actorId} in the journal and ${told.type} of ${told.actor_id} as published`,
      )
  }
  for (const id of ids.keys())
    if (!stored.has(id)) wrong.push(`[2] ${id} was published and is not in the journal`)
  for (const [slot, seq] of last(ledger.events))
    if (ledger.cursors.get(slot) !== seq)
      wrong.push(`[6] slot ${slot}: the outbox stands at ${ledger.cursors.get(slot)} of ${seq}`)
  return wrong
}

function last(events: readonly JournaledEvent[]): Map<number, number> {
  return new Map(events.map(({ slot, seq }) => [slot, seq]))
}
