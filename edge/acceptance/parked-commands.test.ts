/**
 * Commands between actors that an outbox gave up, and what an administrator can do about them,
 * against a real engine and its database. Numbers in brackets are the invariants of SPEC.md.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { startEmbedded } from '../embedded.ts'
import { createWorld } from './access-world.ts'
import { park, type Parking } from './parking.ts'
import { eventually } from './people.ts'

const dataDir = await preparedDataDir()
const environment = { DATA_DIR: dataDir, PORT: '0', RATE_LIMIT_AUTH_PER_ACCOUNT: '10000' }
const embedded = await startEmbedded(environment, { log: pino({ level: 'silent' }) })
t.teardown(async () => {
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const world = await createWorld(embedded)
const { driverId } = world.driver
const path = '/api/admin/parked-commands'
const newId = () => uuidV7(Date.now(), Math.random)
const admin = (method: string, at: string, body?: unknown) =>
  world.call('admin', method, `${path}${at}`, body)
const replay = (commandId: string) =>
  admin('POST', `/${driverId}/${encodeURIComponent(commandId)}/replay`, {})
const parked = async () =>
  (await admin('GET', '')).body.commands.map((one: { command_id: string }) => one.command_id)
const driver = async () =>
  await embedded.edge.parts.database.kysely
    .selectFrom('drivers')
    .selectAll()
    .where('id', '=', driverId)
    .executeTakeFirstOrThrow()
/** An order that the driver's record has among its active orders. */
async function deliveredSoon(): Promise<string> {
  const { id } = await world.assignedOrder()
  while (!(await driver()).active_order_ids.includes(id))
    await new Promise(resolve => {
      setTimeout(resolve, 10)
    })
  return id
}
const toDriver = (commandId: string, command: Parking['command'], seq = 1): Parking => ({
  fromActorId: newId(),
  kind: 'driver',
  actorId: driverId,
  commandId,
  command,
  seq,
})
/** The command by which an order tells its driver of its end. */
const ended = (orderId: string) => ({
  verb: 'complete',
  by: { role: 'system', id: 'order' },
  orderId,
  outcome: 'delivered',
  earningsMinor: 250,
})
/** A command that its receiver does not know, so that the receiver throws. */
const poison = { verb: 'nonsense', by: { role: 'system', id: 'order' } }
const noted = async (operation: string, status: number) =>
  (
    await eventually(
      () => world.call('admin', 'GET', `/api/admin/audit?operation=${operation}&status=${status}`),
      ({ body }) => body.entries?.length > 0,
    )
  ).body.entries[0]

t.test('a parked command is shown, sent again, and done once [3]', async t => {
  const orderId = await deliveredSoon()
  const before = await driver()
  const one = toDriver(`${newId()}:ended/7.9`, ended(orderId), 7)
  await park(embedded.edge.parts, one)
  t.match((await admin('GET', '')).body, {
    commands: [
      {
        actor_kind: 'driver',
        actor_id: driverId,
        command_id: one.commandId,
        verb: 'complete',
        command: one.command,
        from_actor_id: one.fromActorId,
        seq: 7,
        detail: 'the command could not be decided',
        tries: 10,
      },
    ],
    next_cursor: null,
  })
  const answers = await Promise.all([replay(one.commandId), replay(one.commandId)])
  t.ok(
    answers.every(({ status }) => status === 200 || status === 404),
    'of two replays at once each succeeds or finds nothing',
  )
  t.ok(answers.some(({ status }) => status === 200))
  t.same(await parked(), [])
  const paid = await driver()
  t.equal(paid.total_deliveries, before.total_deliveries + 1)
  t.equal(paid.total_earnings_minor, before.total_earnings_minor + 250)
  t.notOk(paid.active_order_ids.includes(orderId))

  // As if its engine had died before the cursor passed the event: the next engine delivers, fails
  // and parks it again.
  await park(embedded.edge.parts, one)
  t.equal((await replay(one.commandId)).status, 200)
  t.same(await parked(), [])
  t.match(
    await driver(),
    {
      total_deliveries: paid.total_deliveries,
      total_earnings_minor: paid.total_earnings_minor,
      version: paid.version,
    },
    'and the driver is not paid twice',
  )
  t.equal((await replay(one.commandId)).status, 404)
  t.match(await noted('replayParkedCommand', 200), {
    actor_role: 'admin',
    actor_id: world.admin.id,
    target_kind: 'parked_commands',
    target_id: driverId,
  })
})

t.test('a parked command keeps its id, so its effect does not repeat [3]', async t => {
  const one = toDriver('a break', {
    verb: 'set_status',
    by: { role: 'system', id: 'engine' },
    data: { status: 'on_break' },
  })
  await park(embedded.edge.parts, one)
  t.equal((await replay('a break')).status, 200)
  t.equal((await driver()).status, 'on_break')
  await world.call('driver', 'PATCH', `/api/drivers/${driverId}/status`, { status: 'available' })
  const back = await driver()
  await park(embedded.edge.parts, one)
  t.equal((await replay('a break')).status, 200)
  t.match(await driver(), { status: back.status, version: back.version })
})

t.test('a command that fails or is refused stays parked, and can be dropped', async t => {
  const failing = toDriver('poison', poison)
  const refused = toDriver('late', {
    verb: 'confirm_hold',
    by: { role: 'system', id: 'order' },
    offerId: newId(),
  })
  for (const one of [failing, refused]) await park(embedded.edge.parts, one)
  t.match(await replay('poison'), { status: 500, body: { code: 'internal' } })
  t.match(await replay('late'), {
    status: 404,
    body: { code: 'offer_not_found', detail: 'the driver does not hold this offer' },
  })
  t.same(await parked(), ['late', 'poison'])
  t.match(await noted('replayParkedCommand', 500), { target_id: driverId, code: 'internal' })
  t.match(await admin('DELETE', `/${driverId}/poison`), {
    status: 200,
    body: { verb: 'nonsense' },
  })
  t.match(await admin('DELETE', `/${driverId}/poison`), { status: 404 })
  t.match(await noted('dropParkedCommand', 200), {
    actor_id: world.admin.id,
    target_id: driverId,
  })
  await admin('DELETE', `/${driverId}/late`)
  t.same(await parked(), [])
})

t.test('all parked commands are sent again in order, past those that fail', async t => {
  const orders = [await deliveredSoon(), await deliveredSoon()]
  const before = await driver()
  await park(embedded.edge.parts, toDriver('third', ended(orders[1]!), 30))
  await park(embedded.edge.parts, toDriver('second', poison, 20))
  await park(embedded.edge.parts, toDriver('first', ended(orders[0]!), 10))
  t.same(await parked(), ['first', 'second', 'third'])
  const page = (await admin('GET', '?limit=2')).body
  t.same(
    [page.commands.length, (await admin('GET', `?limit=2&cursor=${page.next_cursor}`)).body],
    [2, { commands: (await admin('GET', '')).body.commands.slice(2), next_cursor: null }],
  )
  t.match(await admin('POST', '/replay', {}), {
    status: 200,
    body: {
      replayed: 2,
      left: [{ actor_id: driverId, command_id: 'second', code: 'internal' }],
      parked: 1,
    },
  })
  t.same(await parked(), ['second'])
  t.equal((await driver()).total_deliveries, before.total_deliveries + 2)
  t.match(await noted('replayParkedCommands', 200), { actor_id: world.admin.id })
  await admin('DELETE', `/${driverId}/second`)
})

t.test('a command is done once even when the engine has forgotten its id [3]', async t => {
  const orderId = await deliveredSoon()
  const one = toDriver('before', ended(orderId))
  await park(embedded.edge.parts, one)
  t.equal((await replay('before')).status, 200)
  // One command more than the driver's actor remembers ids.
  for (let i = 0; i < limits.commandIdsRememberedMax + 1; i++)
    await world.call('driver', 'PATCH', `/api/drivers/${driverId}/status`, {
      status: i % 2 === 0 ? 'on_break' : 'available',
    })
  const paid = await driver()
  await park(embedded.edge.parts, one)
  t.equal((await replay('before')).status, 200)
  t.match(await driver(), { total_deliveries: paid.total_deliveries, version: paid.version })
})
