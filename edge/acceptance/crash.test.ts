/**
 * A server that gets SIGKILL at any moment and starts again has everything that it acknowledged, in
 * the right state. Deadlines go on, and terminals and trackers are current after they reconnect [2]
 * [3] [9] [10].
 */
import { rmSync } from 'node:fs'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { freePort } from '../../protocol/testing/free-port.ts'
import { startProcess, untilHealthy, type Child } from '../../protocol/testing/processes.ts'
import {
  eventually,
  http,
  Listener,
  newDriver,
  newCustomer,
  newPharmacy,
  terminal,
} from './people.ts'

const rounds = 3
const lat = 27.7
const lng = 85.3

t.test('a server that is killed loses nothing that it acknowledged [2] [3] [9] [10]', async t => {
  const dataDir = await preparedDataDir()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  let child: Child | null = null
  // The teardown is set before the start, so that a server that does not start does not outlive its
  // test.
  t.teardown(async () => {
    await child?.kill()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const boot = async () => {
    child = startProcess('edge/start.js', {
      DATA_DIR: dataDir,
      PORT: String(port),
      LOG_LEVEL: 'warn',
    })
    await untilHealthy(url, child)
  }
  await boot()
  const customer = await newCustomer(url)
  const pharmacies = await Promise.all(
    ['A', 'B', 'C'].map((name, i) => newPharmacy(url, name, lat + i * 0.001, lng)),
  )
  const driver = await newDriver(url, pharmacies[0]!.pharmacyId)
  await http(url, 'PATCH', `/api/drivers/${driver.driverId}/status`, {
    token: driver.token,
    body: { status: 'available' },
  })

  /** Results that the clients got, and must find again. */
  const opened = new Set<string>()
  const won = new Map<string, string>()
  const cancelled = new Set<string>()
  const open = (key: string, ttl = 600) =>
    http(url, 'POST', '/api/requests', {
      token: customer.token,
      body: { latitude: lat, longitude: lng, radius_km: 5, quantity: 1, expires_in_seconds: ttl },
      headers: { 'idempotency-key': key },
    })

  for (let round = 0; round < rounds; round++) {
    let alive = true
    const client = async (who: number) => {
      for (let i = 0; alive; i++) {
        const key = `k-${round}-${who}-${i}`
        try {
          const made = await open(key)
          if (made.status !== 201) continue
          const id = made.body.request_id as string
          opened.add(id)
          if (i % 3 === 2) {
            if (
              (await http(url, 'DELETE', `/api/requests/${id}`, { token: customer.token }))
                .status === 200
            )
              cancelled.add(id)
            continue
          }
          await Promise.all(
            pharmacies.map(async pharmacy => {
              const answer = await http(url, 'POST', `/api/requests/${id}/responses`, {
                token: pharmacy.token,
                body: { response_type: 'ACCEPTED' },
              })
              if (answer.status !== 201) return
              if (won.has(id)) t.fail(`[1] two winners for ${id}`)
              won.set(id, pharmacy.pharmacyId)
            }),
          )
        } catch {
          // The process died before it answered. Nothing was acknowledged, and a repeat of the key
          // must do no harm.
          await new Promise(resolve => {
            setTimeout(resolve, 20)
          })
        }
      }
    }
    const clients = [0, 1, 2].map(client)
    await new Promise(resolve => {
      setTimeout(resolve, 600 + round * 170)
    })
    await child!.kill('SIGKILL')
    alive = false
    await Promise.all(clients)
    await boot()
  }
  t.ok(
    opened.size > rounds,
    `${opened.size} requests, ${won.size} wins, ${cancelled.size} cancellations over ${rounds} kills`,
  )
  let wrong = 0
  for (const id of opened) {
    const { status, body } = await http(url, 'GET', `/api/requests/${id}`, {
      token: customer.token,
    })
    if (
      status !== 200 ||
      (won.has(id) && (body.status !== 'accepted' || body.vendor_id !== won.get(id))) ||
      (cancelled.has(id) && body.status !== 'cancelled')
    ) {
      wrong++
      t.fail(
        `${id}: ${status} ${body.status} ${body.vendor_id}, told ${won.get(id) ?? (cancelled.has(id) ? 'cancelled' : 'open')}`,
      )
    }
  }
  t.equal(wrong, 0, 'every acknowledged fact is there [2]')

  // Deadlines, terminals, trackers and drivers across one more death.
  const expiring = (await open('expiring', 5)).body.request_id
  const staying = (await open('staying')).body.request_id
  const order = (
    await http(url, 'POST', '/api/orders', {
      token: customer.token,
      body: {
        vendor_id: pharmacies[0]!.pharmacyId,
        delivery_address: 'home',
        delivery_latitude: lat,
        delivery_longitude: lng + 0.02,
        customer_name: 'J',
        customer_phone: '+1234567890',
        items: [{ name: 'x', quantity: 1 }],
      },
    })
  ).body
  await http(url, 'POST', `/api/orders/${order.id}/accept`, {
    token: pharmacies[0]!.token,
    body: {},
  })
  await http(url, 'POST', `/api/orders/${order.id}/assign-driver`, {
    token: pharmacies[0]!.token,
    body: { driver_id: driver.driverId },
  })
  await child!.kill('SIGKILL')
  await boot()
  t.equal((await open('staying')).body.request_id, staying, 'the same key, the same request [3]')
  const screen = await terminal(url, pharmacies[1]!)
  await screen.next('new_request', m => m.request_id === staying)
  const over = await eventually(
    () => http(url, 'GET', `/api/requests/${expiring}`, { token: customer.token }),
    a => a.body.status === 'expired',
  )
  t.equal(over.body.status, 'expired', 'the deadline went on [10]')
  // A new terminal gets the request only if it was still open; then it also gets its end.
  if (screen.of('new_request').some(m => m.request_id === expiring))
    await screen.next('request_expired', m => m.request_id === expiring)
  const watcher = new Listener(url, `/ws/tracking/${order.tracking_token}`)
  t.match(await watcher.next('state'), { order: { status: 'driver_assigned' } })
  // The order's command to its driver may not have been delivered before the kill; then it is
  // delivered now.
  const busy = await eventually(
    () => http(url, 'GET', `/api/drivers/${driver.driverId}`, { token: driver.token }),
    a => a.body.status === 'busy',
  )
  t.equal(busy.body.status, 'busy')
  t.equal(
    (
      await http(url, 'PATCH', `/api/orders/${order.id}`, {
        token: driver.token,
        body: { status: 'picked_up' },
      })
    ).body.status,
    'picked_up',
  )
  await watcher.next('status', m => m.status === 'picked_up')
  for (const socket of [screen, watcher]) socket.close()
})

t.test('a second process on the same directory stops with a line that names DATA_DIR', async t => {
  const dataDir = await preparedDataDir()
  const ports = [await freePort(), await freePort()]
  const first = startProcess('edge/start.js', {
    DATA_DIR: dataDir,
    PORT: String(ports[0]),
    LOG_LEVEL: 'warn',
  })
  t.teardown(async () => {
    if (first.process.exitCode === null) await first.kill()
    rmSync(dataDir, { recursive: true, force: true })
  })
  await untilHealthy(`http://127.0.0.1:${ports[0]}`, first)
  const second = startProcess('edge/start.js', {
    DATA_DIR: dataDir,
    PORT: String(ports[1]),
    LOG_LEVEL: 'warn',
  })
  await new Promise(resolve => {
    second.process.once('exit', resolve)
  })
  t.not(second.process.exitCode, 0)
  t.match(second.output(), /DATA_DIR/)
  t.equal(await first.stop(), 0)
})
