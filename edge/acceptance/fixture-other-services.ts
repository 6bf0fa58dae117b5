/**
 * Other services on the bus of a deployment that runs under protocol/bus/nats-server.conf. Each
 * user may use its own subjects, the server refuses it all others, and the example of
 * protocol/bus/README.md runs as it is written there.
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { Test } from 'tap'
import { openDatabase } from '../../migrations/database/open.ts'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { decodeBody } from '../../protocol/bus/codec.ts'
import type { PublishedEvent } from '../../protocol/dispatch/events.ts'
import { eventStream, ofService, subjects } from '../../protocol/bus/subjects.ts'
import { http, newCustomer, newPharmacy } from './people.ts'

export const busPasswords = {
  NATS_ENGINE_PASSWORD: 'engine-secret',
  NATS_EDGE_PASSWORD: 'edge-secret',
  NATS_ANALYTICS_PASSWORD: 'analytics-secret',
  NATS_DISPATCH_PASSWORD: 'dispatch-secret',
}
export const busConfig = fileURLToPath(assetUrl('protocol/bus/nats-server.conf'))
export const busUrl = (port: number, user: 'engine' | 'edge'): string =>
  `nats://${user}:${user}-secret@127.0.0.1:${port}`

/**
 * The one pharmacy for which the service dispatch acts. Its id is known before the engines start,
 * because their configuration names it.
 */
const ownPharmacyId = randomUUID()
export const servicePharmacies = `dispatch=${ownPharmacyId}`

/** Writes that pharmacy into the database, because no edge runs yet. */
export async function pharmacyOfDispatch(databaseUrl: string): Promise<void> {
  const { kysely, close } = await openDatabase({ url: databaseUrl })
  const userId = randomUUID()
  const both = { email: `${ownPharmacyId}@example.com`, phone: '+1234567890' }
  await kysely
    .insertInto('users')
    .values({ ...both, id: userId, full_name: 'Olga', role: 'vendor', password_hash: 'none' })
    .execute()
  await kysely
    .insertInto('vendors')
    .values({
      ...both,
      id: ownPharmacyId,
      user_id: userId,
      business_name: 'By bus',
      status: 'active',
      latitude: 10.5,
      longitude: 100.5,
    })
    .execute()
  await close()
}

type User = 'engine' | 'edge' | 'analytics' | 'dispatch'

/** The NATS server of the deployment. */
export interface Bus {
  port: number
}

/** Tests of services on the bus; `deployment` is read when each test runs. */
export function otherServices(t: Test, deployment: () => { url: string; nats: Bus }): void {
  const as = (user: User): Promise<NatsConnection> =>
    connect({
      servers: `127.0.0.1:${deployment().nats.port}`,
      user,
      pass: `${user}-secret`,
      ...(user !== 'dispatch' && { inboxPrefix: `_INBOX.${user}` }),
    })
  /** Whether the server permits a publication or a subscription to this user. */
  const verdict = async (
    user: User,
    act: (connection: NatsConnection) => void,
  ): Promise<'permitted' | 'refused'> => {
    const connection = await as(user)
    let refused = false
    void (async () => {
      for await (const status of connection.status()) if (status.type === 'error') refused = true
    })()
    act(connection)
    await connection.flush()
    await new Promise(resolve => {
      setTimeout(resolve, 50)
    })
    await connection.close()
    return refused ? 'refused' : 'permitted'
  }

  t.test('a service changes an order, and events name the service by its login', async t => {
    const pharmacyId = ownPharmacyId
    const bus = await as('dispatch')
    const order_id = randomUUID()
    const ask = async (verb: string, body: object) =>
      (
        await bus.request(subjects.command('order', verb), JSON.stringify(body), {
          timeout: 5_000,
        })
      ).json<any>()
    const data = {
      order_id,
      customer_id: randomUUID(),
      customer_name: 'John Doe',
      customer_phone: '9841234567',
      vendor_id: pharmacyId,
      delivery_address: '456 Home Ave',
      delivery_latitude: 10.51,
      delivery_longitude: 100.5,
      items: [{ name: 'Aspirin', quantity: 2 }],
    }
    const refused = await ask('create', {
      id: '1',
      actor_id: order_id,
      data: { ...data, delivery_latitude: 91, items: [{ name: '', quantity: 2 }], colour: 'red' },
    })
    t.match(refused, { ok: false, problem: { code: 'invalid_request' } })
    t.same(refused.problem.fields.map((one: { field: string }) => one.field).toSorted(), [
      'data',
      'data.colour',
      'data.delivery_latitude',
      'data.items.0.name',
    ])
    t.match(await ask('create', { actor_id: order_id, data }), {
      ok: false,
      problem: { code: 'invalid_request', fields: [{ rule: /id/ }] },
    })
    for (const role of ['admin', 'system'])
      t.match(await ask('create', { id: '3', actor_id: order_id, by: { role, id: 'x' }, data }), {
        ok: false,
        problem: { code: 'forbidden', fields: [{ field: 'by.role' }] },
      })

    t.match(await ask('create', { id: '4', actor_id: order_id, data }), {
      ok: true,
      order: { id: order_id, status: 'pending', vendor_id: pharmacyId },
    })
    t.match(
      await ask('create', { id: '4', actor_id: order_id, data }),
      { ok: true, order: { version: 1 } },
      'the same id, the same answer',
    )
    t.match(
      await ask('accept', {
        id: '5',
        actor_id: order_id,
        by: { role: 'vendor', id: randomUUID() },
        data: {},
      }),
      { ok: false, problem: { code: 'order_not_found' } },
      'another pharmacy does not see the order',
    )
    t.match(
      await ask('accept', {
        id: '6',
        actor_id: order_id,
        by: { role: 'vendor', id: pharmacyId },
        data: {},
      }),
      { ok: true, order: { status: 'accepted' } },
    )
    const heard = bus.subscribe(`${subjects.event('order', 'order_cancelled', order_id)}`, {
      max: 1,
    })
    // The command names another service; the name that the server knows counts.
    t.match(
      await ask('cancel', {
        id: '7',
        actor_id: order_id,
        by: { role: 'service', id: 'somebody-else' },
        data: {},
      }),
      { ok: true, order: { status: 'cancelled' } },
    )
    for await (const message of heard)
      t.match(decodeBody(message.data), {
        type: 'order_cancelled',
        data: { by: 'service:dispatch' },
      })
    await bus.close()
  })

  t.test('a service acts for its own pharmacies and hears of their orders alone', async t => {
    const { url } = deployment()
    const { pharmacyId: otherPharmacyId, token: otherToken } = await newPharmacy(
      url,
      'Of nobody on the bus',
      10.6,
      100.5,
    )
    const customer = await newCustomer(url)
    const bus = await as('dispatch')
    const heard: PublishedEvent[] = []
    const older: string[] = []
    bus.subscribe(subjects.eventFilter, {
      callback: (_, message) => {
        heard.push(decodeBody(message.data) as PublishedEvent)
      },
    })
    bus.subscribe(subjects.tripFilter, {
      callback: (_, message) => {
        older.push(message.subject)
      },
    })
    await bus.flush()
    const ask = async (verb: string, actor_id: string, data: object, by?: object) =>
      (
        await bus.request(
          subjects.command('order', verb),
          JSON.stringify({ id: randomUUID(), actor_id, ...(by !== undefined && { by }), data }),
          { timeout: 5_000 },
        )
      ).json<any>()
    const body = (vendor_id: string, more: object = {}) => ({
      vendor_id,
      delivery_address: '4 Home Road',
      delivery_latitude: 10.51,
      delivery_longitude: 100.5,
      items: [],
      ...more,
    })

    const placed = async (pharmacyId: string): Promise<string> =>
      (await http(url, 'POST', '/api/orders', { token: customer.token, body: body(pharmacyId) }))
        .body.id
    const theirs = await placed(otherPharmacyId)
    const request = (
      await http(url, 'POST', '/api/requests', {
        token: customer.token,
        body: { latitude: 10.6, longitude: 100.5, radius_km: 5 },
      })
    ).body.request_id
    for (const order of [theirs, request])
      for (const by of [
        undefined,
        { role: 'customer', id: customer.id },
        { role: 'vendor', id: otherPharmacyId },
        { role: 'vendor', id: ownPharmacyId },
      ])
        for (const [verb, data] of [
          ['cancel', {}],
          ['accept', {}],
          ['reject', { reason: 'no' }],
          ['find_driver', {}],
          ['assign_driver', { driver_id: randomUUID() }],
        ] as const)
          t.match(
            await ask(verb, order, data, by),
            { ok: false, problem: { code: 'order_not_found' } },
            `${verb} of ${order === request ? 'an open request' : "another pharmacy's order"} as ${by?.role ?? 'itself'}`,
          )
    const created = (vendor_id: string, order_id: string) => ({
      ...body(vendor_id),
      order_id,
      customer_id: customer.id,
      customer_name: 'John Doe',
      customer_phone: '3',
    })
    t.match(
      await ask('create', theirs, created(ownPharmacyId, theirs)),
      { ok: false, problem: { code: 'order_not_found' } },
      'an order that exists is not shown by ordering it again',
    )
    const fresh = randomUUID()
    t.match(await ask('create', fresh, created(otherPharmacyId, fresh)), {
      ok: false,
      problem: { code: 'forbidden' },
    })
    t.match(
      await http(url, 'POST', `/api/orders/${theirs}/accept`, { token: otherToken, body: {} }),
      { status: 200, body: { status: 'accepted' } },
      'its own pharmacy may',
    )

    const own = await placed(ownPharmacyId)
    t.match(await ask('accept', own, {}), { ok: true, order: { status: 'accepted' } })
    t.match(await ask('find_driver', own, {}), { ok: true, order: { id: own } })
    t.match(await ask('cancel', own, {}), { ok: true, order: { status: 'cancelled' } })
    for (
      let tries = 0;
      tries < 200 && !heard.some(({ type }) => type === 'order_cancelled');
      tries++
    )
      await new Promise(resolve => {
        setTimeout(resolve, 25)
      })
    t.same(
      [...new Set(heard.map(one => one.actor_id))],
      [own],
      'the service hears of the orders of its pharmacies alone',
    )
    t.ok(
      heard.some(({ type }) => type === 'order_placed') &&
        heard.some(({ type }) => type === 'order_accepted'),
    )
    t.same(
      [...new Set(older.map(subject => subject.split('.').at(-1)))],
      [own],
      'and so under the older names',
    )
    await bus.close()
  })

  t.test(
    'a user that only reads hears facts and can send nothing to the subjects of engines and edges',
    async t => {
      const { url } = deployment()
      const bus = await as('analytics')
      const spy = await as('engine')
      const internal = subjects.slotsChanged
      let arrived = 0
      spy.subscribe(internal, {
        callback: (_, message) => {
          if (message.data.length > 20) arrived++
        },
      })
      await spy.flush()
      const types: string[] = []
      bus.subscribe(subjects.eventFilter, {
        callback: (_, message) => {
          types.push((decodeBody(message.data) as PublishedEvent).type)
        },
      })
      await bus.flush()
      const aimed = {
        stream_name: eventStream.name,
        config: { deliver_subject: internal, ack_policy: 'none', deliver_policy: 'all' },
      }
      for (const api of [
        `CONSUMER.CREATE.${eventStream.name}`,
        `CONSUMER.DURABLE.CREATE.${eventStream.name}.x`,
        'INFO',
        `STREAM.INFO.${eventStream.name}`,
        `CONSUMER.MSG.NEXT.${eventStream.name}.x`,
      ])
        bus.publish(`$JS.API.${api}`, JSON.stringify(aimed), { reply: internal })
      await bus.flush()
      const customer = await newCustomer(url)
      await http(url, 'POST', '/api/requests', {
        token: customer.token,
        body: { latitude: -41, longitude: -141, radius_km: 5 },
      })
      for (let tries = 0; tries < 200 && types.length < 2; tries++)
        await new Promise(resolve => {
          setTimeout(resolve, 25)
        })
      t.ok(types.includes('broadcast_opened') && types.includes('request_expired'))
      t.equal(arrived, 0, 'neither a consumer nor a reply of the API came to an internal subject')
      await spy.close()
      await bus.close()
    },
  )

  t.test('each user may use its own subjects and no others', async t => {
    const id = randomUUID()
    const rows: [User, 'publish' | 'subscribe', string, 'permitted' | 'refused'][] = [
      ['dispatch', 'publish', subjects.command('driver', 'register'), 'refused'],
      ['dispatch', 'publish', subjects.commandOf('order', 'create', 'billing'), 'refused'],
      ['dispatch', 'publish', subjects.slotCommand(1), 'refused'],
      ['dispatch', 'publish', subjects.command('order', 'deliver'), 'refused'],
      ['dispatch', 'publish', subjects.command('order', 'broadcast'), 'refused'],
      ['dispatch', 'publish', subjects.command('order', 'reissue_tracking'), 'refused'],
      [
        'dispatch',
        'publish',
        ofService('dispatch', subjects.event('order', 'delivered', id)),
        'refused',
      ],
      ['dispatch', 'publish', subjects.event('order', 'delivered', id), 'refused'],
      ['dispatch', 'publish', '$JS.API.STREAM.DELETE.CADUCEUS_EVENTS', 'refused'],
      ['dispatch', 'subscribe', subjects.olderTopic('trip.requested', id), 'permitted'],
      ['dispatch', 'subscribe', subjects.locationFilter, 'refused'],
      ['dispatch', 'subscribe', subjects.pushAll, 'refused'],
      ['analytics', 'subscribe', subjects.eventFilter, 'permitted'],
      ['analytics', 'subscribe', subjects.driverLocations, 'permitted'],
      ['analytics', 'subscribe', subjects.commandFilter, 'refused'],
      ['analytics', 'subscribe', '_INBOX.edge.>', 'refused'],
      ['analytics', 'subscribe', '>', 'refused'],
      ['analytics', 'publish', subjects.command('order', 'cancel'), 'refused'],
      ['analytics', 'publish', subjects.event('order', 'delivered', id), 'refused'],
      ['analytics', 'publish', '$JS.API.STREAM.DELETE.CADUCEUS_EVENTS', 'refused'],
      ['analytics', 'publish', '$JS.API.STREAM.PURGE.CADUCEUS_EVENTS', 'refused'],
      ['analytics', 'publish', '$JS.API.CONSUMER.CREATE.CADUCEUS_EVENTS', 'refused'],
      ['analytics', 'publish', '$JS.API.INFO', 'refused'],
      ['analytics', 'publish', subjects.slotsChanged, 'refused'],
      ['edge', 'publish', subjects.event('order', 'delivered', id), 'refused'],
      ['edge', 'publish', subjects.event('payment', 'captured', id), 'permitted'],
      ['edge', 'publish', subjects.event('driver', 'earned', id), 'permitted'],
      ['edge', 'publish', subjects.event('driver', 'order_completed', id), 'refused'],
      [
        'edge',
        'publish',
        ofService('dispatch', subjects.event('payment', 'captured', id)),
        'permitted',
      ],
      [
        'edge',
        'publish',
        ofService('dispatch', subjects.event('order', 'delivered', id)),
        'refused',
      ],
      ['edge', 'publish', '$JS.API.STREAM.UPDATE.CADUCEUS_EVENTS', 'refused'],
      ['edge', 'publish', subjects.command('order', 'cancel'), 'refused'],
      ['edge', 'publish', subjects.pushAll, 'refused'],
      ['edge', 'subscribe', subjects.slotCommand(1), 'refused'],
      ['edge', 'subscribe', '_INBOX.engine.>', 'refused'],
      ['edge', 'publish', subjects.location('9q8'), 'permitted'],
      ['engine', 'publish', subjects.command('order', 'cancel'), 'refused'],
      ['engine', 'publish', subjects.location('9q8'), 'refused'],
      ['engine', 'publish', '$JS.API.STREAM.DELETE.CADUCEUS_EVENTS', 'refused'],
      ['engine', 'subscribe', subjects.eventFilter, 'refused'],
      ['engine', 'subscribe', '_INBOX.edge.>', 'refused'],
    ]
    await Promise.all(
      rows.map(async ([user, verb, subject, expected]) => {
        const said = await verdict(user, connection => {
          if (verb === 'publish') connection.publish(subject, '{}')
          else connection.subscribe(subject, { callback: () => {} })
        })
        t.equal(said, expected, `${user} ${verb} ${subject}`)
      }),
    )
    await t.rejects(
      connect({ servers: `127.0.0.1:${deployment().nats.port}`, reconnect: false }),
      /authorization/i,
      'a connection without a user is refused',
    )
    await t.rejects(
      connect({
        servers: `127.0.0.1:${deployment().nats.port}`,
        user: 'engine',
        pass: 'wrong',
        reconnect: false,
      }),
      /authorization/i,
    )
  })

  t.test('the example of protocol/bus/README.md runs as it is written', async t => {
    const { nats } = deployment()
    const readme = readFileSync(assetUrl('protocol/bus/README.md'), 'utf8')
    const code = /```js\n(\/\/ order\.mjs\n[\s\S]*?)```/.exec(readme)?.[1]
    t.ok(code, 'the example is there')
    // In this folder, so that it finds the two packages it names.
    const file = fileURLToPath(assetUrl(`dist/order-${randomUUID()}.mjs`))
    writeFileSync(file, code!)
    t.teardown(() => rmSync(file))
    const { stdout } = await promisify(execFile)(process.execPath, [file], {
      env: {
        PATH: process.env['PATH'],
        NATS_URL: `127.0.0.1:${nats.port}`,
        NATS_USER: 'dispatch',
        NATS_PASSWORD: busPasswords.NATS_DISPATCH_PASSWORD,
        VENDOR_ID: ownPharmacyId,
      },
      timeout: 20_000,
    })
    t.match(stdout, /^ORD-\w{8} pending\norder_placed\ncancelled\n$/)
  })
}
