/**
 * Each row of the table of decisions. Then the cases that the table cannot show: strangers, and the
 * data of events. Then a check that every rejection and every verb has a row.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { isErrorCode } from '../../protocol/kernel/errors.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { SearchPolicy } from '../../protocol/drivers/policies.ts'
import type { OrderCommand } from './commands.ts'
import { decide } from './decide.ts'
import { custodyTable } from './fixture-custody.ts'
import { stranger, otherPharmacy, otherDriver, table as decisions } from './fixture-decisions.ts'
import {
  admin,
  after,
  candidates,
  customer,
  driverIds,
  give,
  orderId,
  reached,
  vendor,
  pharmacyIds,
} from './fixtures.ts'

const table = { ...decisions, ...custodyTable }

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

t.test('a stranger of any role is told that the order does not exist', async t => {
  const ownedBy: Record<string, OrderCommand[]> = {
    customer: [give.cancel(stranger), give.reissueTracking(stranger)],
    vendor: [
      give.accept(otherPharmacy),
      give.reject(otherPharmacy),
      give.cancel(otherPharmacy),
      give.findDriver(otherPharmacy),
      give.assignDriver(0, otherPharmacy),
      give.pickUp(otherPharmacy),
      give.outForDelivery(otherPharmacy),
      give.deliver(otherPharmacy),
      give.fail(otherPharmacy),
      give.return(otherPharmacy),
      give.completeReturn(otherPharmacy),
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

t.test('the data of the events of a granted command', async t => {
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
    'an administrator may give another pick-up place',
  )
  t.same(
    dataOf(reached.absent, give.create(customer, sideDoor)),
    dataOf(reached.absent, give.create(customer)),
    'a customer may not, because the fee depends on the distance',
  )
  t.match(
    dataOf(reached.broadcast, give.respond('ACCEPTED', 1)),
    [{ vendor: { vendor_id: pharmacyIds[1] }, distance_km: 2.6, fee_minor: 320 }],
    'kilometres by road, and the fee of the tariff',
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
  // Only one policy searches today, so the second one is made up.
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

t.test('every rejection and every verb of decide.ts has a row', async t => {
  const source = [
    'decide',
    'finding',
    'parties',
    'proof',
    'delivering',
    'custody',
    'custody-commands',
  ]
    .map(name => readFileSync(assetUrl(`engine/orders/${name}.ts`), 'utf8'))
    .join('\n')
  const codes = new Set(
    [...source.matchAll(/(?:reject\(\s*|refuseFields\(\s*|code: )'([a-z_]+)'/g)].map(
      match => match[1]!,
    ),
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
    'no row expects a code that the source does not have',
  )
  const verbs = new Set(
    Object.values(table)
      .flat()
      .map(row => row[1].verb),
  )
  const cases = [...source.matchAll(/case '([a-z_]+)':\s+return [a-zA-Z]+\(order,/g)]
  t.ok(cases.length > 15, `${cases.length} verbs were read`)
  for (const [, verb] of cases) t.ok(verbs.has(verb as OrderCommand['verb']), `a row for ${verb}`)
  t.ok(verbs.has('broadcast') && verbs.has('create'))
})
