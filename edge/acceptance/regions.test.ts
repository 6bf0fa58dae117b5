/**
 * Two regions on one nats-server, one Redis and one PostgreSQL: an account of the bus, a numbered
 * database of Redis and a database of PostgreSQL for each. Neither region sees, hears or decides
 * what belongs to the other, and no product file knows of regions.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { freePort } from '../../protocol/testing/free-port.ts'
import { startProcess, untilHealthy, type Child } from '../../protocol/testing/processes.ts'
import {
  requireOrSkip,
  startNats,
  startPostgres,
  startRedis,
} from '../../protocol/testing/services.ts'
import { http, newCustomer, newPharmacy, terminal } from './people.ts'

const accounts = ['north', 'south']
  .map(name => `${name} { jetstream: enabled, users: [{ user: ${name}, password: ${name} }] }`)
  .join('\n')
const place = { latitude: 27.7172, longitude: 85.324 }

t.test(
  'two regions that share their servers do not meet',
  { timeout: 240_000, skip: requireOrSkip(t, 'nats', 'redis', 'postgres') },
  async t => {
    const dir = mkdtempSync(join(tmpdir(), 'caduceus-regions-'))
    const config = join(dir, 'accounts.conf')
    writeFileSync(config, `accounts {\n${accounts}\n}\n`)
    const [nats, redis, postgres] = await Promise.all([
      startNats({ jetstream: true, config }),
      startRedis(),
      startPostgres(),
    ])
    const processes: Child[] = []
    t.teardown(async () => {
      await Promise.all(processes.map(child => child.stop()))
      await Promise.all([nats.stop(), redis.stop(), postgres.stop()])
      rmSync(dir, { recursive: true, force: true })
    })
    const administrator = new pg.Client(postgres.url)
    await administrator.connect()
    for (const region of ['north', 'south']) await administrator.query(`create database ${region}`)
    await administrator.end()

    const start = async (region: string, redisDatabase: number): Promise<string> => {
      const port = await freePort()
      const environment = {
        NATS_URL: `nats://${region}:${region}@127.0.0.1:${nats.port}`,
        REDIS_URL: `${redis.url}/${redisDatabase}`,
        DATABASE_URL: postgres.url.replace(/[^/]*$/, region),
        DATA_DIR: join(dir, region),
        REGISTRATION: 'open',
        LOG_LEVEL: 'warn',
        JWT_SECRET_KEY: `a-key-of-the-${region}-that-is-long-enough-to-be-one`,
      }
      const engine = startProcess('engine/main.js', environment)
      const edge = startProcess('edge/main.js', { ...environment, PORT: String(port) })
      processes.push(edge, engine)
      const url = `http://127.0.0.1:${port}`
      await untilHealthy(url, edge)
      return url
    }
    const [north, south] = await Promise.all([start('north', 0), start('south', 1)])

    // The same place in both regions, so that only the region keeps them apart.
    const pharmacies = {
      north: await newPharmacy(north, 'North', place.latitude, place.longitude),
      south: await newPharmacy(south, 'South', place.latitude, place.longitude),
    }
    const terminals = {
      north: await terminal(north, pharmacies.north),
      south: await terminal(south, pharmacies.south),
    }
    const customers = { north: await newCustomer(north), south: await newCustomer(south) }

    const ask = (url: string, token: string) =>
      http(url, 'POST', '/api/requests', {
        token,
        body: { ...place, radius_km: 5, items: [{ name: 'Paracetamol', quantity: 1 }] },
      })
    const asked = await ask(north, customers.north.token)
    t.match(asked, { status: 201, body: { pharmacies_notified: 1 } })
    const requestId: string = asked.body.request_id
    const shown = await terminals.north.next('new_request')
    t.equal(shown.request_id, requestId)

    const askedSouth = await ask(south, customers.south.token)
    t.match(askedSouth, { status: 201, body: { pharmacies_notified: 1 } })
    await terminals.south.next('new_request', one => one.request_id === askedSouth.body.request_id)
    t.same(
      terminals.south.of('new_request').map(one => one.request_id),
      [askedSouth.body.request_id],
      'the terminal of the south heard its own request, which came later, and no other',
    )

    t.equal(
      (await http(south, 'GET', `/api/orders/${requestId}`, { token: customers.north.token }))
        .status,
      401,
      'a token of the north is none in the south',
    )
    for (const [method, path, body] of [
      ['GET', `/api/orders/${requestId}`, undefined],
      ['POST', `/api/orders/${requestId}/accept`, {}],
    ] as const)
      t.equal(
        (
          await http(south, method, path, {
            token: pharmacies.south.token,
            ...(body !== undefined && { body }),
          })
        ).status,
        404,
        `${method} of an order of the north`,
      )
    const accepted = await http(north, 'POST', `/api/orders/${requestId}/accept`, {
      token: pharmacies.north.token,
      body: {},
    })
    t.match(accepted, { status: 200, body: { status: 'accepted' } })
    t.match(
      await http(south, 'GET', `/api/orders/${askedSouth.body.request_id}`, {
        token: customers.south.token,
      }),
      { status: 200, body: { status: 'pending', vendor_id: null } },
      'the request of the south is still open',
    )
    for (const one of Object.values(terminals)) one.close()
  },
)
