/**
 * One server after the other goes away under two engines and two edges, and comes back. A refusal
 * comes within a bound and is retryable, everything acknowledged is there afterwards, and every
 * process goes on without help.
 */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { WebSocket } from 'ws'
import { startDeployment } from '../../protocol/testing/deployment.ts'
import { serverNames, type ServerName } from '../../protocol/testing/member.ts'
import { redisCommand } from '../../protocol/testing/redis-command.ts'
import { requireOrSkip, startRedis } from '../../protocol/testing/services.ts'
import { PositionsOnBus } from '../../protocol/testing/positions.ts'
import { connectDriver, type WebSocketConstructor } from '../../protocol/client/index.ts'
import {
  eventually,
  http,
  Listener,
  newDriver,
  newCustomer,
  newPharmacy,
  type Answer,
} from './people.ts'

const lat = 27.7
const lng = 85.3
const sleep = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })
const until = async (holds: () => boolean, timeoutMs = 20_000): Promise<boolean> => {
  for (const giveUpMs = performance.now() + timeoutMs; !holds() && performance.now() < giveUpMs;)
    await sleep(20)
  return holds()
}
/** Attempts a second above which a client reconnects in a loop. */
const attemptsPerSecondMax = 60

t.test(
  'two engines and two edges outlive an outage of each server',
  { skip: requireOrSkip(t, 'nats', 'redis', 'postgres'), timeout: 170_000 },
  async t => {
    const deployment = await startDeployment()
    t.teardown(() => deployment.stop())
    const [url, other] = deployment.urls as [string, string]
    const fenced = deployment.engines.map(engine => engine.count(/writes nothing to it/))
    const customer = await newCustomer(url)
    const pharmacies = await Promise.all(
      ['A', 'B', 'C', 'D'].map((name, i) => newPharmacy(url, name, lat + i * 0.001, lng)),
    )
    const [A] = pharmacies
    const driver = await newDriver(url, A!.pharmacyId)
    const place = (at: string, key: string) =>
      http(at, 'POST', '/api/orders', {
        token: customer.token,
        headers: { 'idempotency-key': key },
        body: {
          vendor_id: A!.pharmacyId,
          delivery_address: 'home',
          delivery_latitude: lat,
          delivery_longitude: lng,
          customer_name: 'J',
          customer_phone: '+1234567890',
          items: [],
        },
      })
    const broadcast = async () =>
      (
        await http(url, 'POST', '/api/requests', {
          token: customer.token,
          body: {
            latitude: lat,
            longitude: lng,
            radius_km: 5,
            quantity: 1,
            expires_in_seconds: 120,
          },
        })
      ).body.request_id as string
    /** Asks as a client does: again, under the same key, while the answer is retryable. */
    const insist = (ask: () => Promise<Answer>) =>
      eventually(ask, answer => answer.status < 500, 30_000)
    const accept = (at: string, id: string, token: string, key = randomUUID()) =>
      insist(() =>
        http(at, 'POST', `/api/requests/${id}/responses`, {
          token,
          body: { response_type: 'ACCEPTED' },
          headers: { 'idempotency-key': key },
        }),
      )

    const socket = connectDriver({
      url,
      token: driver.token,
      WebSocket: WebSocket as unknown as WebSocketConstructor,
    })
    const fleet = new Listener(other, `/ws/vendor/${A!.pharmacyId}?token=${A!.token}`)
    await fleet.next('fleet')
    const positions = await PositionsOnBus.observe(deployment.servers.nats.url, {
      latitude: lat,
      longitude: lng,
    })
    const kept = positions.sender(0)
    const driving = setInterval(() => {
      socket.sendLocation(kept.next())
    }, 200)
    t.teardown(() => {
      clearInterval(driving)
      socket.close()
      fleet.close()
      return positions.close()
    })
    await insist(() =>
      http(url, 'PATCH', `/api/drivers/${driver.driverId}/status`, {
        token: driver.token,
        body: { status: 'available' },
      }),
    )
    await fleet.next('locations', () => true, 20_000)

    /**
     * Kills the server, runs `during`, restarts the server and waits until the deployment is
     * healthy by itself.
     */
    const without = async (
      server: ServerName,
      during: () => Promise<void>,
      back: () => Promise<void> = async () => undefined,
    ) => {
      const before = deployment.members.map(member => member.attempts(server))
      const fromMs = performance.now()
      await deployment.servers[server].kill()
      try {
        await during()
      } finally {
        const seconds = (performance.now() - fromMs) / 1_000
        deployment.members.forEach((member, i) => {
          const attempts = member.attempts(server) - before[i]!
          t.ok(
            attempts <= attemptsPerSecondMax * (1 + seconds),
            `${member.name} tried ${attempts} times in ${seconds.toFixed(1)} s to reach ${server}`,
          )
        })
        await deployment.servers[server].restart()
      }
      await back()
      await deployment.untilHealthy()
    }

    await t.test(
      'without NATS an order is refused, the same key succeeds later, and apps keep their locations [3]',
      async t => {
        const key = randomUUID()
        let acknowledged = 0
        socket.on('ack', () => {
          acknowledged++
        })
        await without('nats', async () => {
          const answer = await place(url, key)
          t.same(
            [answer.status, answer.body.code, answer.body.retryable],
            [503, 'unavailable', true],
          )
          const acks = acknowledged
          const keptBefore = socket.unacknowledged.length
          await sleep(1_500)
          t.equal(acknowledged, acks, 'no location is acknowledged')
          t.ok(
            socket.unacknowledged.length > keptBefore,
            `the app keeps what it sends: ${keptBefore}, then ${socket.unacknowledged.length}`,
          )
          fleet.heard.length = 0
        })
        const made = await insist(() => place(url, key))
        t.equal(made.status, 201)
        t.equal((await insist(() => place(other, key))).body.id, made.body.id)
        await fleet.next('locations', () => true, 20_000)
        t.ok(
          await until(() => socket.unacknowledged.length <= 8),
          `the buffer empties: ${socket.unacknowledged.length} left`,
        )
      },
    )

    await t.test(
      'without NATS an app without a buffer loses the outage and one interval, an app with a buffer nothing',
      async t => {
        // An app without a buffer loses the positions that the edge does not take.
        const intervalMs = 500
        const forgetfulDriver = await newDriver(other, A!.pharmacyId)
        const forgetful = new Listener(other, '/ws/driver', {
          protocols: ['bearer', forgetfulDriver.token],
        })
        await forgetful.next('connection')
        const sender = positions.sender(1)
        const sending = setInterval(() => {
          forgetful.send({ type: 'location', ...sender.next() })
        }, intervalMs)
        await sleep(3 * intervalMs)
        const fromMs = performance.now()
        await without(
          'nats',
          () => sleep(2_000),
          async () => {
            // The observer connects before the members; otherwise it would miss positions that were
            // not lost.
            for (const member of deployment.members) member.weather(['nats'], { refusing: true })
            t.ok(await until(() => positions.connected))
            for (const member of deployment.members) member.weather(['nats'], {})
          },
        )
        const untilMs = performance.now()
        await sleep(3 * intervalMs)
        clearInterval(sending)
        await sleep(intervalMs / 2)
        forgetful.close()
        const missing = sender.missing()
        const gapMs = missing.length === 0 ? 0 : missing.at(-1)! - missing[0]!
        t.ok(missing.length > 0, `${missing.length} of ${sender.sent} positions never came`)
        t.ok(
          gapMs <= untilMs - fromMs + intervalMs,
          `the gap is ${gapMs.toFixed(0)} ms, the outage ${(untilMs - fromMs).toFixed(0)} ms`,
        )
        t.same(
          missing.filter(atMs => atMs < fromMs - intervalMs || atMs > untilMs + intervalMs),
          [],
          'nothing is missing before it and after it',
        )
        t.ok(
          await until(() => socket.unacknowledged.length <= 8),
          'the buffer of the other app is empty',
        )
        t.same(
          kept.missing(kept.sent - socket.unacknowledged.length),
          [],
          `all of its ${kept.sent} positions came`,
        )
      },
    )

    await t.test(
      'a race has one winner while Redis is slow, flushed, killed or failed over [1]',
      async t => {
        const standby = await startRedis()
        t.teardown(() => standby.stop())
        await redisCommand(
          standby.port,
          'REPLICAOF',
          '127.0.0.1',
          String(deployment.servers.redis.port),
        )
        const standbyHas = async (): Promise<boolean> =>
          (await redisCommand(deployment.servers.redis.port, 'WAIT', '1', '500')) === ':1'
        const nothing = async (): Promise<void> => undefined
        /** The first trouble starts when the request is open, the second after some answers. */
        const troubles: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
          [
            'slow',
            nothing,
            async () => {
              for (const member of deployment.members) member.weather(['redis'], { delayMs: 150 })
            },
          ],
          [
            'slower than any timeout',
            nothing,
            async () => {
              for (const member of deployment.members) member.weather(['redis'], { delayMs: 2_000 })
            },
          ],
          [
            'cut',
            nothing,
            async () => {
              for (const member of deployment.members) member.cut(['redis'])
            },
          ],
          ['flushed', nothing, () => redisCommand(deployment.servers.redis.port, 'FLUSHALL')],
          [
            'killed, back empty',
            nothing,
            async () => {
              await deployment.servers.redis.kill()
              await sleep(300)
              await deployment.servers.redis.restart()
            },
          ],
          [
            'failed over to a replica that knows the request and not the claims on it',
            async () => {
              for (let tries = 0; !(await standbyHas()) && tries < 40; tries++) await sleep(50)
              t.ok(await standbyHas(), 'the replica follows')
              await redisCommand(standby.port, 'REPLICAOF', 'NO', 'ONE')
            },
            async () => {
              for (const member of deployment.members) member.redirect('redis', standby.port)
            },
          ],
        ]
        for (const [what, before, strike] of troubles) {
          const id = await broadcast()
          await before()
          const racing = pharmacies.map(async (pharmacy, i) => {
            await sleep(i * 25)
            return { pharmacy, answer: await accept(i % 2 === 0 ? url : other, id, pharmacy.token) }
          })
          await sleep(30)
          await strike()
          const answers = await Promise.all(racing)
          for (const member of deployment.members) member.weather(['redis'], {})
          const winners = answers.filter(({ answer }) => answer.status === 201)
          t.same(
            answers.map(({ answer }) => answer.body.code ?? 'won').sort(),
            [
              'request_already_assigned',
              'request_already_assigned',
              'request_already_assigned',
              'won',
            ],
            what,
          )
          t.equal(
            (await http(url, 'GET', `/api/requests/${id}`, { token: customer.token })).body
              .vendor_id,
            winners[0]?.pharmacy.pharmacyId,
          )
        }
        for (const member of deployment.members)
          member.redirect('redis', deployment.servers.redis.port)
        await deployment.untilHealthy()
      },
    )

    await t.test(
      'without Postgres nothing is acknowledged and positions go on, and everything recovers by itself [2]',
      async t => {
        const keys = [randomUUID(), randomUUID()]
        const id = await broadcast()
        await without('postgres', async () => {
          fleet.heard.length = 0
          const answers = await Promise.all([
            place(url, keys[0]!),
            place(other, keys[1]!),
            http(url, 'POST', `/api/requests/${id}/responses`, {
              token: A!.token,
              body: { response_type: 'ACCEPTED' },
            }),
          ])
          t.same(
            answers.map(answer => [answer.status, answer.body.code]),
            Array.from({ length: 3 }, () => [503, 'unavailable']),
          )
          t.ok(
            (await fleet.next('locations', () => true, 20_000)).drivers.length > 0,
            'positions are served from memory',
          )
          // An answer about the health may be a moment old.
          const health = await eventually(
            () => http(url, 'GET', '/api/health'),
            ({ body }) => body.status === 'degraded',
          )
          t.match(health.body, {
            status: 'degraded',
            dependencies: { database: 'down', bus: 'up', claims: 'up', engine: 'up' },
          })
        })
        const made = await Promise.all(keys.map(key => insist(() => place(url, key))))
        t.same(
          made.map(answer => answer.status),
          [201, 201],
        )
        t.equal((await accept(other, id, A!.token)).status, 201)
        const orders = await http(url, 'GET', '/api/orders?limit=200', { token: customer.token })
        for (const answer of made)
          t.equal(
            orders.body.orders.filter((order: { id: string }) => order.id === answer.body.id)
              .length,
            1,
            'stored once',
          )
      },
    )

    await t.test(
      'the orders of an engine that is paused beyond its lease or cut off go on elsewhere, and it writes nothing [5]',
      async t => {
        const [first, second] = deployment.engines
        first!.signal('SIGSTOP')
        // Ten orders: some of them belong to slots of the sleeper, and wait for its lease to end.
        const made = await Promise.all(
          Array.from({ length: 10 }, () => randomUUID()).map(
            async key => (await insist(() => place(url, key))).body.id as string,
          ),
        )
        t.ok(made.every(id => typeof id === 'string'))
        first!.signal('SIGCONT')
        t.ok(
          await until(() => fenced[0]!() > 0),
          `it says that it writes nothing: ${fenced[0]!()} slots`,
        )
        second!.weather(serverNames, { refusing: true })
        second!.cut(serverNames)
        for (const id of made)
          t.equal(
            (
              await insist(() =>
                http(url, 'POST', `/api/orders/${id}/accept`, { token: A!.token, body: {} }),
              )
            ).status,
            200,
          )
        second!.weather(serverNames, {})
        await deployment.untilHealthy()
        for (const id of made)
          t.equal(
            (await http(other, 'GET', `/api/orders/${id}`, { token: customer.token })).body.status,
            'accepted',
          )
        t.same(
          deployment.members.flatMap(member => member.unasked),
          [],
          'no process ended',
        )
      },
    )
  },
)
