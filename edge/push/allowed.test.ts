/**
 * What stands between a news and the person on a real edge: a socket silences the devices of its own
 * account alone, and an address or a standing that has ended since is respected.
 */
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { orderEvents } from '../../protocol/dispatch/order-events.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { RestClient } from '../../protocol/client/index.ts'
import { newId, startFixture, viewOf } from '../acceptance/fixture-edge.ts'
import { Listener } from '../acceptance/people.ts'
import { journalWriter } from '../orders/fixture-journal.ts'
import { notificationLimits } from '../notifications/limits.ts'
import { exampleKeys } from './examples.ts'
import { pushLimits } from './limits.ts'

const edge = await startFixture({
  PUSH_ALLOW_PRIVATE: '1',
  RATE_LIMIT_AUTH_PER_ADDRESS: '10000',
  SMS_PER_PREFIX_PER_DAY: '1',
})
t.teardown(() => edge.stop())
const { database, clock, bus } = edge
const { pool } = database
const { messenger } = edge.edge.parts
const { happen } = journalWriter(database)
const url = `http://127.0.0.1:${edge.edge.port}`
type Person = { id: string; token: string }
const apiOf = ({ token }: Person) => new RestClient({ url, tokens: { access_token: token } })

/** Gives the person a device that never answers, so its rows wait for ever. */
const addDevice = (person: Person) =>
  apiOf(person).pushDevices.register({
    kind: 'web',
    endpoint: `http://127.0.0.1:1/${newId()}`,
    keys: exampleKeys,
    locale: 'en',
  })
async function newOrder(more: object): Promise<string> {
  const view = viewOf({ id: newId(), ...more })
  await edge.store(view)
  return view.id
}
interface Row {
  account_id: string
  channel: string
  state: string
  answer: string | null
  attempts: number
}
/** Waits until the rows about the record fit. */
async function rowsAbout(id: string, fits: (rows: Row[]) => boolean): Promise<Row[]> {
  const patientMs = Date.now() + 60_000
  for (;;) {
    const { rows } = await pool.query(
      'select * from notification_deliveries where about_id = $1 order by channel',
      [id],
    )
    if (fits(rows as unknown as Row[])) return rows as unknown as Row[]
    if (Date.now() > patientMs) throw new Error(`not in a minute: ${JSON.stringify(rows)}`)
    bus.publish(subjects.notifications, new Uint8Array([0x90]))
    await pause(20)
  }
}
const queued = (id: string, count = 1) => rowsAbout(id, rows => rows.length >= count)
function graceOver(): void {
  clock.skewMs += notificationLimits.seenGraceMs
}
/** A customer with a proven mailbox and phone. */
async function reachable(phone: string) {
  const customer = await edge.customer()
  await pool.query(
    'update users set email_verified_at = now(), phone = $2, phone_verified_at = now() where id = $1',
    [customer.id, phone],
  )
  return customer
}

t.test('only a socket that shows a news to its person silences the devices', async t => {
  const [pharmacy, admin, customer] = [
    await edge.pharmacy(),
    await edge.admin(),
    await edge.customer(),
  ]
  await addDevice(pharmacy)
  const arrived = async () => {
    const id = await newOrder({ user_id: customer.id, vendor_id: pharmacy.id, driver_id: null })
    await happen(id, 'arrived_at_pickup')
    return id
  }
  const requested = async () => {
    const id = await newOrder({ user_id: customer.id, vendor_id: null, driver_id: null })
    await happen(id, 'broadcast_opened', {
      ...orderEvents.broadcast_opened.example,
      expires_at_ms: Date.now() + clock.skewMs + 600_000,
      candidates: [{ vendor_id: pharmacy.id, distance_km: 1 }],
    })
    return id
  }
  const stateOf = async (id: string) => {
    await queued(id)
    // The pong of a socket is here within this time; the row itself waits for ever.
    await pause(500)
    return (await queued(id))[0]!.state
  }
  const fleet = `/ws/vendor/${pharmacy.id}/`

  const looker = new Listener(url, `${fleet}?token=${admin.token}`)
  t.teardown(() => looker.close())
  await looker.next('fleet')
  const one = await arrived()
  t.equal(await stateOf(one), 'waiting', 'an administrator looks on')
  t.notOk(
    looker.heard.some(({ type }) => type === 'notification'),
    'the number is for the people of the pharmacy',
  )

  const own = new Listener(url, `${fleet}?token=${pharmacy.token}`)
  t.teardown(() => own.close())
  await own.next('fleet')
  const two = await arrived()
  await rowsAbout(two, rows => rows[0]?.state === 'seen')
  t.equal(await stateOf(await requested()), 'waiting', 'the fleet shows no request')

  const terminal = new Listener(url, `/ws/pharmacy/?token=${pharmacy.token}`)
  t.teardown(() => terminal.close())
  await terminal.next('connection')
  const three = await requested()
  await rowsAbout(three, rows => rows[0]?.state === 'seen')
})

t.test('an address that is not proven any more gets nothing that was stored before', async t => {
  const phone = '+12025550150'
  const customer = await reachable(phone)
  await apiOf(customer).inbox.setPreferences(
    (['email', 'sms'] as const).map(channel => ({
      kind: 'order.picked_up',
      channel,
      wanted: true,
    })),
  )
  const id = await newOrder({ user_id: customer.id, vendor_id: null, driver_id: null })
  await happen(id, 'picked_up')
  await queued(id, 2)
  await pool.query(
    'update users set email_verified_at = null, phone_verified_at = null where id = $1',
    [customer.id],
  )
  graceOver()
  const rows = await rowsAbout(id, all => all.every(({ state }) => state !== 'waiting'))
  t.match(rows, [
    { channel: 'email', state: 'unreachable' },
    { channel: 'sms', state: 'unreachable' },
  ])
  t.same(
    messenger.outbox().filter(({ to }) => to === phone || to === customer.email),
    [],
  )
})

t.test('a bound for all lets an SMS wait', async t => {
  const tell = async (phone: string) => {
    const customer = await reachable(phone)
    await apiOf(customer).inbox.setPreferences([
      { kind: 'order.picked_up', channel: 'sms', wanted: true },
    ])
    const id = await newOrder({ user_id: customer.id, vendor_id: null, driver_id: null })
    await happen(id, 'picked_up')
    await queued(id)
    graceOver()
    return id
  }
  await rowsAbout(await tell('+12025550160'), rows => rows[0]?.state === 'sent')
  const second = await tell('+12025550161')
  const rows = await rowsAbout(second, all => all[0]!.answer !== null)
  t.match(rows, [{ state: 'waiting', answer: 'too_many', attempts: 0 }])
  await rowsAbout(await tell('+13125550161'), all => all[0]?.state === 'sent')
})

t.test('SMS that hang hold up no device, and no more are taken than can end in time', async t => {
  const { deliver } = messenger
  const held: (() => void)[] = []
  Object.assign(messenger, {
    deliver: () => new Promise<void>(resolve => void held.push(resolve)),
  })
  // All become due at once.
  clock.stoppedAtMs = Date.now()
  t.teardown(() => {
    Object.assign(messenger, { deliver })
    clock.stoppedAtMs = null
  })
  const ids: string[] = []
  let customer = await edge.customer()
  for (let n = 0; n < pushLimits.messagesAtOnce + 3; n++) {
    // Each of a prefix of its own, because their number in a day is bounded.
    customer = await reachable(`+1${212 + n}5550170`)
    await apiOf(customer).inbox.setPreferences([
      { kind: 'order.picked_up', channel: 'sms', wanted: true },
    ])
    const id = await newOrder({ user_id: customer.id, vendor_id: null, driver_id: null })
    ids.push(id)
    await happen(id, 'picked_up')
    await queued(id)
  }
  graceOver()
  const last = ids.at(-1)!
  await rowsAbout(last, () => held.length === pushLimits.messagesAtOnce)
  await addDevice(customer)
  const delivered = await newOrder({ user_id: customer.id, vendor_id: null, driver_id: null })
  await happen(delivered, 'delivered', orderEvents.delivered.example as object)
  await queued(delivered)
  graceOver()
  await rowsAbout(delivered, ([row]) => row!.channel === 'push' && row!.answer !== null)
  t.equal(held.length, pushLimits.messagesAtOnce)
  const waiting = await Promise.all(ids.map(id => queued(id)))
  t.equal(waiting.filter(([row]) => row!.attempts === 0).length, 3, 'the rest is not taken')
  for (const [n, id] of ids.entries()) {
    await rowsAbout(id, () => held[n] !== undefined)
    held[n]!()
  }
  for (const id of ids) await rowsAbout(id, ([row]) => row!.state === 'sent')
})

t.test('who is held for papers, or works for a pharmacy that may not, hears no work', async t => {
  const customer = await edge.customer()
  await addDevice(customer)
  for (const [name, hold, hearing] of [
    ['nobody is held', null, ['customer', 'vendor', 'driver']],
    [
      'a held pharmacy',
      'update vendors set papers_held = true where id = $1 and $2::uuid is not null',
      ['customer'],
    ],
    [
      'a suspended pharmacy',
      `update vendors set status = 'suspended' where id = $1 and $2::uuid is not null`,
      ['customer'],
    ],
    [
      'a held driver',
      'update drivers set papers_held = true where vendor_id = $1 and id = $2',
      ['customer', 'vendor'],
    ],
  ] as const) {
    const vendor = await edge.pharmacy()
    const driver = await edge.driver(vendor.id)
    await addDevice(vendor)
    await addDevice(driver)
    if (hold !== null) await pool.query(hold, [vendor.id, driver.id])
    const id = await newOrder({ user_id: customer.id, vendor_id: vendor.id, driver_id: driver.id })
    const { example } = orderEvents.driver_assigned
    await happen(id, 'driver_assigned', {
      ...example,
      driver: { ...example.driver, driver_id: driver.id },
    })
    const rows = await queued(id, hearing.length)
    const { rows: accounts } = await pool.query(
      'select user_id as id, $3 as side from vendors where id = $1 union all select user_id, $4 from drivers where id = $2',
      [vendor.id, driver.id, 'vendor', 'driver'],
    )
    const sides = new Map([
      [customer.id, 'customer'],
      ...accounts.map(one => [one['id'] as string, one['side'] as string] as const),
    ])
    t.same(new Set(rows.map(({ account_id }) => sides.get(account_id))), new Set(hearing), name)
  }
})
