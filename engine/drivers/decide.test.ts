/**
 * The table of the decisions of a driver, in the order of the guards in decide.ts. A row is [given
 * events, command, now, outcome]. An outcome is the code of a rejection, or the types of the
 * events; an empty list means "already so". Numbers in brackets are the invariants of SPEC.md.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { isErrorCode } from '../../protocol/kernel/errors.ts'
import type { DriverEvent } from '../../protocol/dispatch/events.ts'
import { admin, customer, principal, pharmacyIds } from '../orders/fixtures.ts'
import type { DriverCommand } from './commands.ts'
import { decide } from './decide.ts'
import {
  after,
  assigned,
  barred,
  completed,
  employer,
  give,
  held,
  membership,
  offerEndsMs,
  offerOf,
  orderOf,
  registered,
  released,
  self,
  turned,
  updated,
} from './fixtures.ts'
import { react } from './react.ts'
import { canTakeMore, statusOf, type RegisteredDriver } from './state.ts'
import { holdDoubtMs, wakeAtMs } from './wake.ts'

const registration = (give.register() as Extract<DriverCommand, { verb: 'register' }>).data

type Row = [
  given: readonly DriverEvent[],
  command: DriverCommand,
  nowMs: number,
  outcome: string | string[],
]

const otherPharmacy = principal('vendor', pharmacyIds[1])
const offline = [registered()]
const free = [registered(), turned('available')]
const holding = [...free, held()]
const busy = [...holding, assigned()]
const done = [...busy, completed()]
const asking = [registered(), membership('pending')]
const parted = [registered(), membership('ended')]
const takenOff = [registered(), turned('available'), turned('offline'), barred(true)]
const roomy = [registered(2), turned('available')]

const table: Record<string, Row[]> = {
  register: [
    [offline, give.register(1, pharmacyIds[1]), 0, 'driver_already_exists'],
    [offline, give.register(), 0, []],
    [[], give.register(), 0, ['driver_registered']],
    [
      [],
      { ...give.register(), data: { ...registration, membership: 'active' } } as DriverCommand,
      0,
      ['driver_registered'],
    ],
    [
      [],
      { ...give.register(), data: { ...registration, membership: 'pending' } } as DriverCommand,
      0,
      ['driver_registered', 'membership_changed'],
    ],
    [parted, give.register(), 0, []],
  ],
  'a driver that does not exist': [
    give.setStatus('available'),
    give.update(),
    give.approve(),
    give.end(),
    give.ask(),
    give.hold(),
    give.release(),
    give.assign(),
    give.complete(),
  ].map((command): Row => [[], command, 0, 'driver_not_found']),
  update: [
    [offline, give.update({}, principal('driver', orderOf(9))), 0, 'driver_not_found'],
    [offline, give.update({ phone: '22' }, otherPharmacy), 0, 'driver_not_found'],
    [offline, give.update({ phone: '22' }, customer), 0, 'driver_not_found'],
    [offline, give.update({}), 0, []],
    [offline, give.update({ phone: '2', full_name: 'Dora', vehicle_type: 'bike' }), 0, []],
    [offline, give.update({ phone: '22' }), 0, ['driver_updated']],
    [busy, give.update({ vehicle_type: 'van' }, employer), 0, ['driver_updated']],
    [[...holding, updated()], give.update(), 0, []],
    [holding, give.update({ full_name: 'Theodora' }, admin), 0, ['driver_updated']],
  ],
  set_status: [
    [offline, give.setStatus('available', principal('driver', orderOf(9))), 0, 'driver_not_found'],
    [offline, give.setStatus('available', otherPharmacy), 0, 'driver_not_found'],
    [offline, give.setStatus('available', customer), 0, 'driver_not_found'],
    [offline, give.setStatus('offline'), 0, []],
    [busy, give.setStatus('offline'), 0, 'driver_has_active_orders'],
    [busy, give.setStatus('on_break', employer), 0, 'driver_has_active_orders'],
    [offline, give.setStatus('available'), 0, ['status_changed']],
    [offline, give.setStatus('on_break', employer), 0, ['status_changed']],
    [holding, give.setStatus('offline', admin), 0, ['status_changed', 'duty_barred']],
    [free, give.setStatus('offline', employer), 0, ['status_changed', 'duty_barred']],
    [offline, give.setStatus('offline', employer), 0, ['duty_barred']],
    [free, give.setStatus('offline', principal('service', 's')), 0, ['status_changed']],
    [takenOff, give.setStatus('offline'), 0, []],
    [takenOff, give.setStatus('available'), 0, 'driver_taken_off_duty'],
    [takenOff, give.setStatus('on_break'), 0, 'driver_taken_off_duty'],
    [takenOff, give.setStatus('available', employer), 0, ['status_changed', 'duty_barred']],
    [takenOff, give.setStatus('on_break', admin), 0, ['status_changed', 'duty_barred']],
    [
      [...takenOff, turned('available'), barred(false)],
      give.setStatus('on_break'),
      0,
      ['status_changed'],
    ],
    ...[asking, parted].flatMap((given): Row[] => [
      [given, give.setStatus('offline'), 0, []],
      ...[undefined, employer, admin].map((by): Row => [
        given,
        give.setStatus('available', by),
        0,
        'driver_not_member',
      ]),
    ]),
    [done, give.setStatus('offline'), 0, ['status_changed']],
  ],
  'approve_membership: by the pharmacy': [
    ...[self, otherPharmacy, customer].map((by): Row => [
      asking,
      give.approve(by),
      0,
      'driver_not_found',
    ]),
    [free, give.approve(), 0, []],
    ...[employer, admin].flatMap((by): Row[] => [
      [asking, give.approve(by), 0, ['membership_changed']],
      [parted, give.approve(by), 0, ['membership_changed']],
    ]),
  ],
  'end_membership: by the pharmacy, at any time': [
    ...[self, otherPharmacy, customer].map((by): Row => [
      free,
      give.end(by),
      0,
      'driver_not_found',
    ]),
    [parted, give.end(), 0, []],
    ...[asking, offline, free, holding, busy, takenOff].map((given): Row => [
      given,
      give.end(),
      0,
      ['membership_changed'],
    ]),
  ],
  'ask_membership: by the driver': [
    ...[otherPharmacy, customer].map((by): Row => [parted, give.ask(by), 0, 'driver_not_found']),
    [asking, give.ask(), 0, []],
    [free, give.ask(), 0, []],
    [parted, give.ask(), 0, ['membership_changed']],
  ],
  'hold_offer [8]': [
    [asking, give.hold(), 0, 'driver_not_member'],
    [[...free, membership('ended')], give.hold(), 0, 'driver_not_member'],
    [holding, give.hold(), 0, []],
    [busy, give.hold(), 0, []],
    [free, give.hold(), offerEndsMs, 'offer_expired'],
    [free, give.hold(0, pharmacyIds[1]), 0, 'driver_not_of_vendor'],
    [offline, give.hold(), 0, 'driver_unavailable'],
    [[...free, turned('on_break')], give.hold(), 0, 'driver_unavailable'],
    [holding, give.hold(1), 0, 'driver_holds_offer'],
    [[...roomy, held()], give.hold(1), 0, 'driver_holds_offer'],
    [busy, give.hold(1), 0, 'driver_at_capacity'],
    [[...roomy, held(), assigned(), held(1), assigned(1)], give.hold(2), 0, 'driver_at_capacity'],
    [free, give.hold(), offerEndsMs - 1, ['offer_held']],
    [[...holding, released()], give.hold(), 0, 'offer_expired'],
    [[...holding, released(), held(1), released(1)], give.hold(), 0, 'offer_expired'],
    [done, give.hold(), 0, 'offer_expired'],
    [[...free, held(3), released(3)], give.hold(), 0, 'offer_expired'],
    [[...free, held(4), released(4)], give.hold(), 0, ['offer_held']],
    [
      [...holding, released()],
      { ...give.hold(), source: null } as DriverCommand,
      0,
      ['offer_held'],
    ],
    [[...holding, released()], give.hold(1), 0, ['offer_held']],
    [[...roomy, held(), assigned()], give.hold(1), 0, ['offer_held']],
    [done, give.hold(1), 0, ['offer_held']],
  ],
  release_hold: [
    [free, give.release(), 0, []],
    [holding, give.release(1), 0, []],
    [busy, give.release(), 0, []],
    [holding, give.release(), 0, ['offer_released']],
  ],
  'confirm_hold [8]': [
    [free, give.confirmHold(), 0, 'offer_not_found'],
    [holding, give.confirmHold(1), 0, 'offer_not_found'],
    [busy, give.confirmHold(), 0, 'offer_not_found'],
    [holding, give.confirmHold(), offerEndsMs, []],
    [[...holding, membership('ended')], give.confirmHold(), 0, 'driver_not_member'],
  ],
  'assign: never refused, and without effect when its hold is gone': [
    [busy, give.assign(), 0, []],
    [done, give.assign(), 0, []],
    [free, give.assign(), 0, []],
    [[...holding, released()], give.assign(), 0, []],
    [holding, give.assign(1), 0, []],
    [[...done, held(1)], give.assign(), 0, []],
    [[...roomy, held(), assigned(), held(1)], give.assign(), 0, []],
    [holding, give.assign(), 0, ['order_assigned']],
    [[...holding, membership('ended')], give.assign(), 0, ['order_assigned']],
    [[...holding, turned('offline')], give.assign(), 0, ['order_assigned']],
  ],
  'complete: never refused': [
    [free, give.complete(), 0, []],
    [done, give.complete(), 0, []],
    [busy, give.complete(), 0, ['order_completed']],
    [busy, give.complete(0, 'cancelled'), 0, ['order_completed']],
  ],
}

const outcomeOf = (
  given: readonly DriverEvent[],
  command: DriverCommand,
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

t.test('every rejection that decide.ts can return has a row', async t => {
  const source = readFileSync(assetUrl('engine/drivers/decide.ts'), 'utf8')
  const codes = new Set([...source.matchAll(/reject\(\s*'([a-z_]+)'/g)].map(match => match[1]!))
  const rows = new Set(
    Object.values(table)
      .flat()
      .map(row => row[3])
      .filter(outcome => typeof outcome === 'string'),
  )
  for (const code of codes) t.ok(isErrorCode(code) && rows.has(code), code)
  t.same(
    [...rows].filter(code => !codes.has(code)),
    [],
  )
})

t.test('the status, the free capacity and the sums after events', async t => {
  const of = (events: readonly DriverEvent[]) => after(events) as RegisteredDriver
  for (const [events, status, more] of [
    [offline, 'offline', false],
    [free, 'available', true],
    [holding, 'available', false],
    [busy, 'busy', false],
    [done, 'available', true],
    [[...roomy, held(), assigned()], 'busy', true],
    [[...free, turned('on_break')], 'on_break', false],
    [asking, 'offline', false],
    [parted, 'offline', false],
    [[...free, membership('ended')], 'offline', false],
    [[...busy, membership('ended')], 'busy', false],
    [[...free, membership('ended'), membership('active'), turned('available')], 'available', true],
  ] as const) {
    t.equal(statusOf(of(events)), status)
    t.equal(canTakeMore(of(events)), more, `${status}, proposed: ${more}`)
  }
  t.match(of(done), { totalDeliveries: 1, totalEarningsMinor: 300 })
  t.notOk('heldThrough' in of(free), 'a driver who held nothing remembers no slot')
  const long = Array.from({ length: 300 }, (_, n) => [held(n), assigned(n), completed(n)]).flat()
  t.same(
    of([...free, ...long]).heldThrough,
    [298, 0, 0, 0, 0, 299, 0, 0, 0, 0, 300],
    'one number for each slot, however many offers were held',
  )
})

t.test('the effects of events, also when they are computed again after a crash', async t => {
  const source = { slot: 0, seq: 1 }
  const effects = (events: readonly DriverEvent[], last: DriverEvent) =>
    react(last, after([...events, last]) as RegisteredDriver, source)
  const commands = (events: readonly DriverEvent[], last: DriverEvent) =>
    effects(events, last).flatMap(effect =>
      effect.do === 'command' ? [effect.to.command.verb] : [],
    )
  t.same(
    commands(holding, turned('offline')),
    ['driver_refused'],
    'a driver who goes off duty with an offer: its order is told',
  )
  t.same(commands(free, turned('offline')), [])
  t.same(
    react(
      turned('offline'),
      after([...free, turned('offline'), turned('available'), held(1)]) as RegisteredDriver,
      source,
    ).filter(effect => effect.do === 'command'),
    [],
    'computed again when the driver is back and holds another offer: that offer is not refused',
  )
  t.match(effects(free, held()), [
    { do: 'push', push: { message: { type: 'offer', offer_id: offerOf(0) } } },
  ])
  t.same(
    commands(free, {
      type: 'offer_held',
      data: { ...(held() as { data: object }).data, mode: 'assign' },
    } as DriverEvent),
    ['driver_took'],
  )
  t.match(effects(holding, released()), [{ push: { message: { type: 'offer_withdrawn' } } }])
  const told = (given: readonly DriverEvent[], last: DriverEvent) =>
    effects(given, last).flatMap(effect =>
      effect.do === 'push' &&
      effect.push.kind === 'topic' &&
      effect.push.message.type !== 'driver_status'
        ? [effect.push.message]
        : [],
    )
  t.same(
    commands([...roomy, held(), assigned(), held(1)], membership('ended')),
    ['driver_refused', 'driver_left'],
    'the order of the offer and the order under way are told that the membership ended',
  )
  t.match(told(holding, membership('ended')), [
    { type: 'membership', membership: 'ended', active_order_ids: { length: 0 } },
    { type: 'driver_membership', membership: 'ended' },
  ])
  t.same(
    commands([...holding, membership('ended')], assigned()),
    ['driver_left'],
    'an assignment that was under way when the membership ended is undone',
  )
  t.same(commands(holding, assigned()), [])
  t.match(
    told([...busy, membership('ended')], completed()),
    [{ type: 'membership', membership: 'ended', active_order_ids: { length: 0 } }],
    'the driver is told that no order is left',
  )
  t.same(told(busy, completed()), [])
  t.same(
    react(
      membership('ended'),
      after([...busy, membership('ended'), membership('active')]) as RegisteredDriver,
      source,
    ),
    [],
    'computed again when the driver is a member again: nothing is told',
  )
  const ids = [1, 2].map(seq =>
    react(membership('ended'), after([...busy, membership('ended')]) as RegisteredDriver, {
      slot: 0,
      seq,
    }).flatMap(effect => (effect.do === 'command' ? [effect.to.id] : [])),
  )
  t.not(ids[0]![0], ids[1]![0], 'each end of a membership has its own command id')
  t.equal(wakeAtMs(after(free)), null)
  t.equal(wakeAtMs(after(holding)), offerEndsMs + holdDoubtMs, 'a hold is doubted after its time')
})
