/**
 * The cost of our HTTP beside the same by hand: `GET /api/health` and `GET /api/orders/{id}` on the
 * edge, on bare uWebSockets and on Fastify, all on one PostgreSQL. The measure is requests per
 * second of the server's own processor time. With the generator and the database on the same
 * machine, requests per second mostly show who got the processors.
 */
import { connect } from 'node:net'
import { center } from '../city/grid.ts'
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'
import { startServerChild } from '../rigs/child.ts'
import { newCustomer, newPharmacy, runTag } from '../rigs/people.ts'
import { cpuSecondsOf } from '../rigs/processes.ts'

const kinds = ['bare uWebSockets', 'Fastify', 'caduceus'] as const
type Kind = (typeof kinds)[number]
const argumentOf: Record<Kind, string> = {
  'bare uWebSockets': 'bare',
  Fastify: 'fastify',
  caduceus: 'caduceus',
}
const routes = ['GET /api/health', 'GET /api/orders/{id}'] as const
const connections = 16
const secret = 'only for a bench on the loopback interface'

const measureOf = (kind: Kind, route: string): Measure => ({
  name: `${route}: ${kind}`,
  unit: 'requests/CPU s',
  better: 'higher',
  ...(kind !== 'bare uWebSockets' && { baseline: `${route}: bare uWebSockets` }),
})

interface Target {
  url: string
  pid: number
}

async function open(context: Context): Promise<Round> {
  const databaseUrl = await context.service('postgres')
  const targets = new Map<Kind, Target>()
  // Ours first: it makes the schema that the others read.
  for (const kind of ['caduceus', 'bare uWebSockets', 'Fastify'] as const)
    targets.set(kind, await start(context, kind, databaseUrl))
  const { url } = targets.get('caduceus')!
  const tag = runTag()
  const [pharmacy, customer] = [
    await newPharmacy(url, tag, 0, 'Pharmacy', center),
    await newCustomer(url, tag, 0),
  ]
  const token = await customer.api.accessToken()
  const made = await fetch(`${url}/api/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      vendor_id: pharmacy.recordId,
      delivery_address: '2 Side St',
      delivery_latitude: center.latitude + 0.01,
      delivery_longitude: center.longitude,
      items: [{ name: 'Aspirin', quantity: 2 }],
    }),
  })
  if (made.status !== 201)
    throw new Error(`the order was not taken: ${made.status} ${await made.text()}`)
  const { id } = (await made.json()) as { id: string }
  const requestOf = (route: (typeof routes)[number]): string =>
    route === 'GET /api/health'
      ? 'GET /api/health HTTP/1.1\r\nHost: bench\r\n\r\n'
      : `GET /api/orders/${id} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`
  const seconds = context.quick ? 1 : 1.5
  for (const target of targets.values())
    for (const route of routes) await load(target, requestOf(route), 1, context.signal)
  return async () => {
    for (const route of routes)
      for (const kind of kinds) {
        const target = targets.get(kind)!
        const before = cpuSecondsOf([target.pid])
        const { answered, failed, tookSeconds } = await load(
          target,
          requestOf(route),
          seconds,
          context.signal,
        )
        const after = cpuSecondsOf([target.pid])
        context.check(failed === 0, `${kind}: ${failed} answers to ${route} were not 200`)
        if (before === null || after === null || after === before) continue
        context.sample(measureOf(kind, route), {
          value: answered / (after - before),
          cpuSecondsPerUnit: (after - before) / answered,
          note: `${Math.round(answered / tookSeconds)} requests/s on ${connections} connections`,
        })
      }
  }
}

async function start(context: Context, kind: Kind, databaseUrl: string): Promise<Target> {
  const server = await startServerChild(new URL('./rest-server.js', import.meta.url), {
    args: [argumentOf[kind]],
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      REGISTRATION: 'open',
      JWT_SECRET_KEY: secret,
      JWT_ACCESS_TOKEN_EXPIRE_MINUTES: '240',
      NATS_URL: '',
      REDIS_URL: '',
    },
  })
  context.defer(() => server.stop())
  return server
}

/** Closed loop: each connection sends its next request when it has its answer. */
async function load(
  { url }: Target,
  request: string,
  seconds: number,
  signal: AbortSignal,
): Promise<{ answered: number; failed: number; tookSeconds: number }> {
  let answered = 0
  let failed = 0
  const beganMs = performance.now()
  const untilMs = beganMs + seconds * 1_000
  await Promise.all(
    Array.from(
      { length: connections },
      () =>
        new Promise<void>((resolve, reject) => {
          const socket = connect(Number(new URL(url).port), '127.0.0.1', () =>
            socket.write(request),
          )
          socket.setNoDelay(true)
          let waiting = ''
          socket.setEncoding('latin1')
          socket.on('data', (text: string) => {
            waiting += text
            const headEnd = waiting.indexOf('\r\n\r\n')
            if (headEnd === -1) return
            const length = Number(/\r\ncontent-length: (\d+)/i.exec(waiting)?.[1] ?? 0)
            if (waiting.length < headEnd + 4 + length) return
            if (waiting.startsWith('HTTP/1.1 200')) answered++
            else failed++
            waiting = ''
            if (performance.now() >= untilMs || signal.aborted) {
              socket.destroy()
              resolve()
            } else socket.write(request)
          })
          socket.on('error', reject)
        }),
    ),
  )
  return { answered, failed, tookSeconds: (performance.now() - beganMs) / 1_000 }
}

export const bench: Bench = {
  name: 'rest',
  group: 'load',
  title: 'HTTP beside bare uWebSockets and Fastify doing the same',
  needs: ['postgres'],
  rounds: { full: 2, quick: 1 },
  open,
}
