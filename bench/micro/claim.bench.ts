/**
 * An accept in Redis, beside the cheapest lock in Redis: one `SET NX`. Both use the same client
 * with 64 commands in flight, as an edge does. "lost" is the answer that nearly every pharmacy gets
 * that a request asks. "won" writes each time, which a lease of 0 ms makes the script do.
 */
import { Redis } from 'ioredis'
import type { Claims } from '../../protocol/claims/claims.ts'
import { redisClaims } from '../../protocol/claims/redis.ts'
import type { MicroServices, MicroSuite } from './suite.ts'

const orders = 1_000
const pharmacies = 50
const commandsPerRun = 5_000
const inFlight = 64
const holdMs = 600_000

const silent = (): void => {}

async function commands(command: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < commandsPerRun) await command(next++)
    }),
  )
}

async function cases(services: MicroServices) {
  const url = services.url('redis')
  const pharmacyIds = Array.from(
    { length: pharmacies },
    (_, n) => `0190a5a0-0000-7000-8000-${String(n).padStart(12, '0')}`,
  )
  const orderIds = Array.from(
    { length: orders },
    (_, n) => `0190a5a0-0000-7000-9000-${String(n).padStart(12, '0')}`,
  )
  const pharmacyAt = (n: number): string => pharmacyIds[n % pharmacies]!
  const orderAt = (kind: string, n: number): string => kind + orderIds[n % orders]!

  // Each run makes new connections, in all cases alike, so that none keeps the process alive.
  const withClaims = async (
    leaseMs: number,
    use: (claims: Claims) => Promise<void>,
  ): Promise<void> => {
    const claims = await redisClaims(url, { leaseMs, onLog: silent })
    await use(claims)
    await claims.shutdown()
  }
  const withClient = async (use: (client: Redis) => Promise<void>): Promise<void> => {
    const client = new Redis(url, { lazyConnect: true })
    await client.connect()
    await use(client)
    await client.quit()
  }

  await withClient(client =>
    commands(n => client.set(orderAt('lost:', n), 'somebody', 'PX', holdMs, 'NX')),
  )
  await withClaims(0, async claims => {
    const deadlineMs = Date.now() + holdMs
    for (let n = 0; n < orders; n++) {
      await claims.open(orderAt('lost:', n), pharmacyIds, deadlineMs)
      await claims.confirm(orderAt('lost:', n), 'somebody')
      await claims.open(orderAt('won:', n), pharmacyIds, deadlineMs)
    }
  })
  let fresh = 0
  const lives = process.pid

  return {
    'SET NX, lost': {
      operationsPerRun: commandsPerRun,
      run: () =>
        withClient(client =>
          commands(n => client.set(orderAt('lost:', n), pharmacyAt(n), 'PX', holdMs, 'NX')),
        ),
    },
    'SET NX, won': {
      operationsPerRun: commandsPerRun,
      run: () =>
        withClient(client =>
          commands(n => client.set(`won:${lives}:${fresh++}`, pharmacyAt(n), 'PX', 1_000, 'NX')),
        ),
    },
    'claim.lua, lost': {
      operationsPerRun: commandsPerRun,
      run: () =>
        withClaims(0, claims => commands(n => claims.claim(orderAt('lost:', n), pharmacyAt(n)))),
    },
    'claim.lua, won': {
      baseline: 'SET NX, won',
      operationsPerRun: commandsPerRun,
      run: () =>
        withClaims(0, claims => commands(n => claims.claim(orderAt('won:', n), pharmacyAt(n)))),
    },
  }
}

export const suite: MicroSuite = {
  name: 'claim',
  title: 'an accept in Redis',
  baseline: 'SET NX, lost',
  needs: ['redis'],
  cases,
}
