/**
 * The behaviour of orders and drivers, recorded as the runtime sees it. For the last event of many
 * journeys the record has the row, every field of the effects, the next deadline, and whether the
 * actor is finished or attentive. A change of the record must be intended: RECORD=1 records again,
 * and the difference is reviewed like code. The tables beside decide.ts and react.ts say which
 * behaviour is right.
 */
import t from 'tap'
import { recorded } from '../../protocol/testing/recorded.ts'
import type { DriverEvent, OrderEvent } from '../../protocol/dispatch/events.ts'
import {
  after as driverAfter,
  assigned,
  barred,
  completed,
  give as giveDriver,
  held,
  heldOffer,
  membership,
  registered,
  released,
  sourceOf,
  turned,
  updated,
} from '../drivers/fixtures.ts'
import type { Effect } from './effects.ts'
import { after, candidates, closed, give, happened, offered, reached } from '../orders/fixtures.ts'
import { absentDriver } from '../drivers/state.ts'
import { absentOrder } from '../orders/state.ts'
import { driverKind } from '../drivers/kind.ts'
import type { ActorEvent } from '../journal/journal.ts'
import { kinds } from '../kinds.ts'
import { orderKind } from '../orders/kind.ts'
import type { AnyKind, Kind } from './kind.ts'

const { opened, accepted, searching, delivered } = happened
const marked = (data: object): OrderEvent =>
  ({ ...delivered, data: { ...delivered.data, ...data } }) as OrderEvent
const orders: Record<string, readonly OrderEvent[]> = {
  ...reached,
  directly: [happened.placed, accepted],
  refused: [opened, happened.refused],
  asAfterARefusal: [opened, happened.refused, accepted],
  reissued: [opened, happened.reissued],
  declined: [opened, accepted, searching, offered(), closed()],
  silent: [opened, accepted, searching, offered(), closed(0, 'expired')],
  askedAgain: [opened, accepted, searching, offered(), closed(), offered(1)],
  assignedByOffer: [...reached.offering, happened.assigned],
  atPickup: [...reached.driver_assigned, happened.atPickup],
  atDropoff: [...reached.out_for_delivery, happened.atDropoff],
  unknownPlace: [
    ...reached.out_for_delivery,
    marked({ door_distance_m: null, flag: 'position_unknown' }),
  ],
  farFromTheDoor: [
    ...reached.out_for_delivery,
    marked({ door_distance_m: 900, reason: 'at the gate' }),
  ],
  signed: [
    ...reached.out_for_delivery,
    marked({ proof_photo_url: null, signature_url: '/api/uploads/1', actual_distance_km: null }),
  ],
  anotherPhone: [...reached.picked_up, happened.driverUpdated],
}
const free = [registered(2), turned('available')]
const byHand: DriverEvent = {
  type: 'offer_held',
  data: { ...heldOffer(0, 'assign'), source: sourceOf(0) },
}
const drivers: Record<string, readonly DriverEvent[]> = {
  registered: [registered()],
  asking: [registered(), membership('pending')],
  taken: [registered(), membership('pending'), membership('active')],
  available: free,
  onBreak: [...free, turned('on_break')],
  renamed: [...free, updated()],
  renamedAtWork: [...free, held(), assigned(), held(1), updated()],
  holding: [...free, held()],
  heldByHand: [...free, byHand],
  released: [...free, held(), released()],
  declined: [
    ...free,
    held(),
    {
      type: 'offer_released',
      data: { ...(released() as { data: object }).data, outcome: 'declined' },
    } as DriverEvent,
  ],
  off: [...free, held(), turned('offline')],
  busy: [...free, held(), assigned()],
  worked: [...free, held(), assigned(), completed()],
  cancelled: [
    ...free,
    held(),
    assigned(),
    {
      type: 'order_completed',
      data: {
        order_id: (assigned() as { data: { order_id: string } }).data.order_id,
        outcome: 'cancelled',
        earnings_minor: 0,
        currency: 'USD',
      },
    },
  ],
  barred: [...free, turned('offline'), barred(true)],
  parted: [...free, held(), assigned(), held(1), membership('ended')],
  partedAndAssigned: [...free, held(), membership('ended'), assigned()],
  partedAndDone: [...free, held(), assigned(), membership('ended'), completed()],
}

/** Replaces each function of an effect by its result. */
const written = (effects: readonly Effect[]): unknown[] =>
  effects.map(effect =>
    effect.do === 'command' && effect.onRefused !== undefined
      ? { ...effect, onRefused: effect.onRefused({ code: 'driver_unavailable', detail: 'busy' }) }
      : effect,
  )

const seen = <S, C, E extends ActorEvent, R>(
  kind: Kind<S, C, E, R>,
  events: readonly E[],
  state: S,
): Record<string, unknown> => ({
  row: kind.row(state, events.length, 5_000, events.length === 1),
  follows: written(kind.react(events.at(-1)!, state, 4_000, { slot: 7, seq: 42 })),
  resume: written(kind.resume(state)),
  wakeAtMs: kind.wakeAtMs(state),
  finished: kind.finished(state),
  attentive: kind.attentive(state),
})

t.test('the last event of each journey has the recorded row, effects and deadline', async t => {
  const begun = Object.entries(orders).filter(([, events]) => events.length > 0)
  recorded(t, 'engine/actors/recorded.json', {
    ...Object.fromEntries(
      begun.map(([name, events]) => [
        `order: ${name}`,
        seen(orderKind, events, after(events, 3_000)),
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(drivers).map(([name, events]) => [
        `driver: ${name}`,
        seen(driverKind, events, driverAfter(events)),
      ]),
    ),
  })
})

t.test('every name in a state is a word of its kind', async t => {
  const unknownNames = (kind: AnyKind, value: unknown): string[] =>
    typeof value !== 'object' || value === null
      ? []
      : Object.entries(value).flatMap(([name, member]) => [
          ...(Array.isArray(value) || kind.words.numbers.has(name) ? [] : [name]),
          ...unknownNames(kind, member),
        ])
  for (const [name, events] of Object.entries(orders))
    if (events.length > 0)
      t.same(unknownNames(orderKind as AnyKind, after(events, 3_000)), [], name)
  for (const [name, events] of Object.entries(drivers))
    t.same(unknownNames(driverKind as AnyKind, driverAfter(events)), [], name)
})

t.test('an absent actor has no effects, no deadline and no row', async t => {
  t.same(orderKind.react(opened, absentOrder, 0, { slot: 0, seq: 1 }), [])
  t.same(driverKind.react(registered(), absentDriver, 0, { slot: 0, seq: 1 }), [])
  t.same(
    [
      orderKind.resume(absentOrder),
      orderKind.wakeAtMs(absentOrder),
      orderKind.attentive(absentOrder),
    ],
    [[], null, false],
  )
  t.same(
    [
      driverKind.wakeAtMs(absentDriver),
      driverKind.attentive(absentDriver),
      driverKind.finished(absentDriver),
    ],
    [null, false, false],
  )
  t.throws(() => orderKind.row(absentOrder, 1, 0, true), /no row/)
  t.throws(() => driverKind.row(absentDriver, 1, 0, true), /no row/)
  t.same(
    kinds.map(({ name, byte }) => [name, byte]),
    [
      ['order', 0],
      ['driver', 1],
      ['appointment', 2],
      ['conversation', 3],
    ],
  )
})

t.test('only broadcast, create and register create an actor', async t => {
  const all = [
    give.broadcast(undefined, {}, candidates),
    give.create(),
    give.accept(),
    give.cancel(),
    give.expire(),
  ]
  t.same(all.map(orderKind.creates), [true, true, false, false, false])
  t.same(
    all.map(orderKind.actorOf),
    all.map(one => one.by),
  )
  const told = [giveDriver.register(), giveDriver.update(), giveDriver.hold()]
  t.same(told.map(driverKind.creates), [true, false, false])
  t.same(
    told.map(driverKind.actorOf),
    told.map(one => one.by),
  )
})
