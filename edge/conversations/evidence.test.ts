/**
 * Two races, each brought to its worst moment: a report keeps its evidence, and a driver who was
 * replaced sees nobody type.
 */
import t from 'tap'
import { eventually, http, Listener, newDriver } from '../acceptance/people.ts'
import { findOwn } from './reads.ts'
import type { Speaker } from './sides.ts'
import { talks } from './fixture-talks.ts'
import { takeBack, type TalkContext } from './talk.ts'

const { parts, world, url, call, open, newTalk, say } = await talks(t)
const pharmacyId = world.vendor.pharmacyId
const vendor: Speaker = {
  side: 'vendor',
  id: pharmacyId,
  accountId: world.vendor.id,
  principal: { role: 'vendor', id: pharmacyId },
  carriesOnly: false,
}
const turn = (): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, 5)
  })

t.test('a report waits for a taking back that has begun, and the other way round', async t => {
  const { id } = await newTalk()
  const { body: rude } = await say('vendor', id, 'something rude')
  const row = await findOwn(parts.database.kysely, vendor, id)
  let isReported = false
  const report = () =>
    call('customer', 'POST', `/api/conversations/${id}/report`, {
      reason: 'abuse',
      message_id: rude.id,
    }).finally(() => {
      isReported = true
    })
  let reported: ReturnType<typeof report> | undefined
  const isWaiting = async (): Promise<boolean> => {
    const { rows } = await parts.database.pool.query(
      `select 1 from pg_locks where locktype = 'advisory' and not granted`,
    )
    return rows.length > 0
  }
  const commands: TalkContext['commands'] = {
    // The look for reports is over, and the engine has not been told.
    async send(command) {
      reported = report()
      while (!isReported && !(await isWaiting())) await turn()
      t.notOk(isReported, 'the report waits')
      return parts.commands.send(command)
    },
  } as TalkContext['commands']
  await takeBack({ ...parts, commands }, vendor, row, rude.id, 'by_sender')
  t.equal((await reported)!.status, 201, 'it comes after, about a message that is gone')

  const { body: worse } = await say('vendor', id, 'something worse')
  const whole = await call('customer', 'POST', `/api/conversations/${id}/report`, {
    reason: 'abuse',
  })
  t.equal(whole.status, 201)
  const answers = await Promise.all(
    Array.from({ length: 6 }, () =>
      call('vendor', 'DELETE', `/api/conversations/${id}/messages/${worse.id}`),
    ),
  )
  t.same(new Set(answers.map(({ body }) => body.code)), new Set(['conversation_not_possible']))
})

t.test('a driver who was replaced sees nobody type', async t => {
  const second = await newDriver(url, pharmacyId)
  const ask = (method: string, path: string, body: object) =>
    http(url, method, path, { token: second.token, body })
  const listen = async (path: string, token: string) => {
    const listener = new Listener(url, `${path}?token=${token}`)
    t.teardown(() => listener.close())
    await listener.next('connection')
    return listener
  }
  /** A delivery of the second driver, and the conversation about it. */
  const delivery = async (): Promise<string> => {
    await ask('PATCH', `/api/drivers/${second.driverId}/status`, { status: 'available' })
    const app = await listen('/ws/driver', second.token)
    app.send({ type: 'location', latitude: 40.7128, longitude: -74.006 })
    await app.next('ack')
    const order_id = await world.pendingOrder()
    await call('vendor', 'POST', `/api/orders/${order_id}/accept`, {})
    const { status } = await call('vendor', 'POST', `/api/orders/${order_id}/assign-driver`, {
      driver_id: second.driverId,
    })
    t.equal(status, 200)
    return (await open('customer', { topic: 'delivery', order_id })).id
  }
  const customer = await listen('/ws/chat', world.customer.token)
  /** Types until the driver sees it, because presence that comes too soon is dropped. */
  const type = async (driver: Listener, conversation_id: string) => {
    const isSeen = () =>
      driver.of('conversation_presence').some(one => one.conversation_id === conversation_id)
    while (!isSeen()) {
      customer.send({ type: 'presence', conversation_id, state: 'typing' })
      await new Promise(resolve => {
        setTimeout(resolve, 200)
      })
    }
  }
  const first = await delivery()
  await type(await listen('/ws/chat', second.token), first)
  const member = `/api/vendors/${pharmacyId}/drivers/${second.driverId}`
  await call('vendor', 'POST', `${member}/end`, {})
  await call('vendor', 'POST', `${member}/approve`, {})
  await customer.next(
    'conversation_entry',
    ({ conversation_id, entry }) => conversation_id === first && entry.kind === 'closed',
  )
  await eventually(
    () => ask('GET', `/api/conversations/${first}`, undefined as never),
    ({ status }) => status === 404,
  )
  const driver = await listen('/ws/chat', second.token)
  customer.send({ type: 'presence', conversation_id: first, state: 'away' })
  const next = await delivery()
  await type(driver, next)
  t.same(
    new Set(driver.of('conversation_presence').map(one => one.conversation_id)),
    new Set([next]),
  )
})
