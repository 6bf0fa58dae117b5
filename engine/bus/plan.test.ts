/**
 * From the bytes of a command to its decision: in whose name a sender may act, the data that an
 * engine adds, and the field that an error names.
 */
import t from 'tap'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import { defaultTariff } from '../../protocol/pricing/tariff.ts'
import { Directory } from '../pharmacies/directory.ts'
import {
  broadcastData,
  createData,
  customer,
  driverIds,
  offerIds,
  orderId,
  principal,
  vendor,
  pharmacyIds,
} from '../orders/fixtures.ts'
import { driverKind } from '../drivers/kind.ts'
import { planDriver } from '../drivers/plan.ts'
import { kinds as allKinds } from '../kinds.ts'
import { orderKind } from '../orders/kind.ts'
import { planOrder } from '../orders/plan.ts'
import {
  parseEnvelope as parse,
  parseServiceCommand as parseService,
  planCommand as planOf,
  type PlanDeps,
} from './plan.ts'
import { Kinds, type AnyAttendant, type AnyKind, type Envelope } from '../actors/kind.ts'
import { Services } from '../../protocol/bus/services.ts'
import { VirtualEnv } from '../sim/virtual-env.ts'

const listed = (vendor_id: string, change: Partial<DirectoryPharmacy> = {}): DirectoryPharmacy => ({
  vendor_id,
  name: 'Pharmacy',
  phone: '1',
  address: null,
  latitude: 37.78,
  longitude: -122.41,
  status: 'active',
  is_active: true,
  revision: 1,
  proof_required: true,
  dispatch_policy: 'offer',
  time_zone: 'UTC',
  opening_hours: null,
  tariff: { ...defaultTariff('USD'), base_minor: 9 },
  ...change,
})

const kinds = new Kinds(allKinds)
const parseEnvelope = (value: unknown) => parse(value, kinds)
const parseServiceCommand = (value: unknown, actor: string, verb: string, name: string | null) =>
  parseService(value, actor, verb, name, kinds)
/** The planned command and the name of its kind. */
function planCommand(envelope: Envelope, deps: PlanDeps) {
  const { kind, command } = planOf(envelope, deps)
  return { kind: kind.name, command: command as object }
}

function deps(): PlanDeps {
  const directory = new Directory()
  directory.put(listed(pharmacyIds[0]))
  directory.put(listed(pharmacyIds[1]))
  directory.put(listed(pharmacyIds[1], { status: 'suspended', is_active: false, revision: 2 }))
  directory.put(listed(pharmacyIds[2], { dispatch_policy: 'manual', tariff: null, latitude: 10 }))
  const following = {
    drivenKm: (id: string) => (id === orderId ? 1.5 : null),
    doorDistanceM: (id: string) => (id === orderId ? 12 : null),
  }
  const facts = { env: new VirtualEnv(1), directory, following }
  const attendants = new Map<AnyKind, Pick<AnyAttendant, 'plan'>>([
    [orderKind as AnyKind, { plan: one => planOrder(one, facts) }],
    [driverKind as AnyKind, { plan: one => planDriver(one, directory.currency) }],
  ])
  return {
    kinds,
    attendants,
    mayAct: pharmacyId => directory.mayAct(pharmacyId),
    services: new Services(new Map([['dispatch', new Set([pharmacyIds[0]])]])),
  }
}

/** The content of the error: its code, and each field with its rule. */
function refused(run: () => unknown): { code: string; fields: string[]; detail: string } {
  try {
    run()
  } catch (error) {
    if (!(error instanceof CaduceusError)) throw error
    return {
      code: error.code,
      fields: (error.fields ?? []).map(({ field, rule }) => `${field} ${rule}`),
      detail: error.message,
    }
  }
  throw new Error('nothing was refused')
}

const envelope = {
  id: 'k',
  actor: 'order' as const,
  actor_id: orderId,
  verb: 'cancel',
  by: customer,
  data: {},
}

t.test('an envelope gets ids in small letters, and an error names its field', async t => {
  t.same(parseEnvelope(envelope), envelope)
  const capitals = parseEnvelope({
    ...envelope,
    actor_id: orderId.toUpperCase(),
    data: { driver_id: 'ABC', order_id: 7, reason: 'ABC', grid: 'ABC' },
  })
  t.equal(capitals.actor_id, orderId)
  t.same(
    capitals.data,
    { driver_id: 'abc', order_id: 7, reason: 'ABC', grid: 'ABC' },
    'ids in small letters, and no other field',
  )
  for (const data of [null, 'TEXT', 7, ['A', { b_id: 'B' }]])
    t.same(parseEnvelope({ ...envelope, data }).data, data)
  for (const [change, field] of [
    [{ actor_id: 'x' }, 'actor_id'],
    [{ verb: '' }, 'verb'],
    [{ by: { role: 'customer' } }, 'by'],
    [{ id: '' }, 'id'],
  ] as const) {
    const { code, fields, detail } = refused(() => parseEnvelope({ ...envelope, ...change }))
    t.equal(code, 'invalid_request')
    t.ok(fields[0]!.startsWith(`${field} `), `${fields[0]}`)
    t.equal(detail, fields[0], 'the text names the first field')
  }
  t.equal(
    refused(() => parseEnvelope(null)).detail.split(' ')[0],
    'command',
    'without a field the error names the command',
  )
  const nul = refused(() => parseEnvelope({ ...envelope, data: { reason: 'a\0' } }))
  t.match(nul, {
    code: 'invalid_request',
    fields: [/^data\.reason must be text without NUL/],
    detail: /^data\.reason must be text/,
  })
})

const service = { id: '1', actor_id: orderId, data: {} }

t.test(
  'another service acts in its own name, or in the name of a customer, pharmacy or driver',
  async t => {
    const by = (name: string | null, principal?: object, actor = 'order', verb = 'cancel') =>
      parseServiceCommand(
        { ...service, ...(principal !== undefined && { by: principal }) },
        actor,
        verb,
        name,
      )
    t.same(by('dispatch'), {
      id: 'service:dispatch:1',
      actor: 'order',
      actor_id: orderId,
      verb: 'cancel',
      by: { role: 'service', id: 'dispatch' },
      service: 'dispatch',
      data: {},
    })
    t.same(by(null).by, { role: 'service', id: 'unnamed' })
    t.same(
      by(null, { role: 'service', id: 'body' }).by,
      { role: 'service', id: 'body' },
      'where the bus does not know the sender, the body names it',
    )
    t.same(
      by('dispatch', { role: 'service', id: 'body' }).by,
      { role: 'service', id: 'dispatch' },
      'where the bus knows the sender, the name in the body does not count',
    )
    t.same(by(null, { role: 'customer', id: 'ABC' }), {
      ...by(null),
      by: { role: 'customer', id: 'abc' },
    })
    for (const role of ['vendor', 'driver'] as const)
      t.same(by('dispatch', { role, id: 'A' }).by, { role, id: 'a' })
    for (const role of ['admin', 'system'] as const)
      t.match(
        refused(() => by('dispatch', { role, id: 'a' })),
        { code: 'forbidden', fields: ['by.role must be service, customer, vendor or driver'] },
      )
    t.equal(
      refused(() => by('dispatch', undefined, 'driver', 'update')).code,
      'forbidden',
      "only the edge changes a driver's profile",
    )
    t.equal(by('dispatch', undefined, 'driver', 'set_status').verb, 'set_status')
    t.equal(
      by('dispatch', undefined, 'order', 'update').verb,
      'update',
      'the verb of another kind is not closed to services',
    )
    t.match(
      refused(() => parseServiceCommand({ ...service, id: '' }, 'order', 'cancel', null)),
      { code: 'invalid_request', fields: [/^id /] },
    )
    t.same(
      parseServiceCommand({ ...service, data: { reason: 'e\u0301' } }, 'order', 'cancel', null)
        .data,
      { reason: '\u00e9' },
      'the text is composed',
    )
    t.match(
      refused(() =>
        parseServiceCommand(
          { ...service, data: { reason: `e${'\u0301'.repeat(40)}` } },
          'order',
          'cancel',
          null,
        ),
      ),
      { code: 'invalid_request', fields: [/^data\.reason must not have more/] },
    )
  },
)

const ids = { driver_id: driverIds[0], offer_id: offerIds[0] }
const plain: Record<string, object> = {
  reject: { reason: 'closed' },
  cancel: { reason: 'no' },
  decline_offer: { offer_id: ids.offer_id },
  out_for_delivery: {},
  fail: { reason: 'nobody home' },
  return: {},
}
const profile = {
  vendor_id: pharmacyIds[0],
  full_name: 'Dora',
  phone: '2',
  vehicle_type: 'bike',
  capacity: 1,
}

t.test('the data that an engine adds to each command', async t => {
  const plan = (
    verb: string,
    data: object,
    by = customer,
    actor: 'order' | 'driver' = 'order',
    actorId = orderId,
  ) => planCommand({ ...envelope, actor, actor_id: actorId, verb, by, data }, deps())
  const token = /^[0-9a-f]{32}$/
  for (const [verb, data] of Object.entries(plain))
    t.same(plan(verb, data), { kind: 'order', command: { verb, by: customer, data } })
  // The database is asked for the owners of uploads afterwards.
  for (const verb of ['pick_up', 'complete_return'])
    t.same(plan(verb, {}), {
      kind: 'order',
      command: { verb, by: customer, data: {}, uploads: [] },
    })
  const near = (command: object): string[] =>
    (command as { candidates: { vendor_id: string }[] }).candidates.map(one => one.vendor_id)
  const broadcast = plan('broadcast', broadcastData)
  t.match(broadcast, {
    kind: 'order',
    command: { verb: 'broadcast', by: customer, data: broadcastData, trackingToken: token },
  })
  t.same(
    near(broadcast.command),
    [pharmacyIds[0]],
    'not the suspended pharmacy and not the far one',
  )
  const known = plan('create', createData)
  t.match(known.command, {
    verb: 'create',
    data: createData,
    vendor: { vendor_id: pharmacyIds[0] },
    tariff: { base_minor: 9 },
    trackingToken: token,
  })
  t.match(
    plan('create', { ...createData, vendor_id: driverIds[0] }).command,
    { vendor: null, tariff: defaultTariff('USD') },
    'a pharmacy that the engine does not know',
  )
  for (const [by, search, fee] of [
    [vendor, 'offer', 9],
    [principal('vendor', pharmacyIds[2]), null, defaultTariff('USD').base_minor],
  ] as const) {
    t.match(plan('respond', { response_type: 'ACCEPTED' }, by).command, {
      verb: 'respond',
      by,
      data: { response_type: 'ACCEPTED' },
      vendor: { vendor_id: by.id },
      tariff: { base_minor: fee },
      search,
    })
    t.same(plan('accept', {}, by).command, {
      verb: 'accept',
      by,
      data: {},
      search,
      offerTtlMs: 30_000,
    })
  }
  t.match(plan('assign_driver', { driver_id: ids.driver_id }, vendor).command, {
    verb: 'assign_driver',
    data: { driver_id: ids.driver_id },
    offerId: /^[0-9a-f-]{36}$/,
  })
  t.same(plan('accept_offer', { offer_id: ids.offer_id }).command, {
    verb: 'accept_offer',
    by: customer,
    data: { offer_id: ids.offer_id },
    driver: null,
  })
  t.same(plan('deliver', {}).command, {
    verb: 'deliver',
    by: customer,
    data: {},
    uploads: [],
    actualDistanceKm: 1.5,
    doorDistanceM: 12,
  })
  for (const [by, data] of [
    [vendor, {}],
    [vendor, { policy: 'offer' }],
    [principal('admin', 'a'), {}],
  ] as const)
    t.same(plan('find_driver', data, by).command, {
      verb: 'find_driver',
      by,
      data,
      policy: 'offer',
      offerTtlMs: 30_000,
    })
  t.match(plan('reissue_tracking', {}).command, {
    verb: 'reissue_tracking',
    by: customer,
    data: {},
    trackingToken: token,
  })
  const driver = (verb: string, data: object) => plan(verb, data, vendor, 'driver', driverIds[0])
  t.same(driver('register', profile), {
    kind: 'driver',
    command: {
      verb: 'register',
      by: vendor,
      driverId: driverIds[0],
      currency: 'USD',
      data: profile,
    },
  })
  for (const [verb, data] of [
    ['update', { phone: '3' }],
    ['set_status', { status: 'available' }],
  ] as const)
    t.same(driver(verb, data).command, { verb, by: vendor, data })
  for (const verb of ['approve_membership', 'end_membership', 'ask_membership'])
    t.same(driver(verb, {}), { kind: 'driver', command: { verb, by: vendor } })
})

t.test('the command of a service carries the pharmacies that it may concern', async t => {
  const within = (actor: 'order' | 'driver', verb: string, data: object, service?: string) =>
    (
      planCommand(
        { ...envelope, actor, verb, data, ...(service !== undefined && { service }) },
        deps(),
      ).command as { within?: ReadonlySet<string> }
    ).within
  for (const [actor, verb, data] of [
    ['order', 'cancel', {}],
    ['driver', 'set_status', { status: 'available' }],
  ] as const) {
    t.same([...within(actor, verb, data, 'dispatch')!], [pharmacyIds[0]])
    t.equal(within(actor, verb, data, 'stranger')!.size, 0)
    t.equal(within(actor, verb, data), undefined)
  }
})

t.test('no two tracking tokens are equal', async t => {
  const same = deps()
  const tokens = Array.from(
    { length: 50 },
    () =>
      (
        planCommand({ ...envelope, verb: 'reissue_tracking' }, same).command as {
          trackingToken: string
        }
      ).trackingToken,
  )
  t.equal(new Set(tokens).size, 50)
})

t.test('commands that are refused before any actor decides', async t => {
  const refusal = (change: object) => refused(() => planCommand({ ...envelope, ...change }, deps()))
  t.equal(refusal({ verb: 'dance' }).code, 'message_unknown_type')
  t.equal(refusal({ verb: 'register' }).code, 'message_unknown_type', 'a verb of drivers')
  t.match(refusal({ data: { reason: 7 } }), { code: 'invalid_request', fields: [/^data\.reason /] })
  t.match(
    refusal({ verb: 'broadcast', data: { ...broadcastData, items: [{ name: '', quantity: 1 }] } }),
    { fields: [/^data\.items\.0\.name /] },
  )
  t.match(refusal({ verb: 'deliver', data: { reason: '\0' } }), {
    fields: [/^data\.reason must be text/],
  })
  t.equal(
    refusal({
      verb: 'broadcast',
      data: {
        ...broadcastData,
        items: Array.from({ length: 50 }, () => ({ name: 7, quantity: 'x' })),
      },
    }).fields.length,
    8,
    'the first eight fields',
  )
  for (const [verb, data] of [
    ['broadcast', broadcastData],
    ['create', createData],
  ] as const) {
    t.match(refusal({ verb, actor_id: driverIds[0], data }), {
      code: 'invalid_request',
      fields: ['data.order_id must equal actor_id'],
    })
    t.match(
      refusal({
        verb,
        data: {
          ...data,
          items: Array.from({ length: 50 }, () => ({ name: '\u20ac'.repeat(200), quantity: 1 })),
        },
      }),
      { code: 'invalid_request', fields: [/^data\.items takes/] },
    )
  }
  t.equal(refusal({ by: principal('vendor', pharmacyIds[1]) }).code, 'vendor_not_active')
  t.equal(planCommand({ ...envelope, by: vendor }, deps()).kind, 'order')
  t.equal(
    planCommand({ ...envelope, by: principal('customer', pharmacyIds[1]) }, deps()).kind,
    'order',
    'a customer with the id of a suspended pharmacy may command',
  )
})
