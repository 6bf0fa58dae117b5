/**
 * Durable accepts: requests a second that pharmacies win, each decided, journaled on PostgreSQL
 * with fsync, and answered. It runs the engine's actors in this process, because otherwise the HTTP
 * client would be measured; `request` and `accept` measure the path over HTTP and sockets. The
 * baseline is raw rows of one event each by `unnest`, 64 a statement, on as many connections.
 */
import pg from 'pg'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import type { CommandEnvelope } from '../../protocol/dispatch/commands.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { ownerSubject } from '../../protocol/bus/subjects.ts'
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'
import { decision } from '../harness/decisions.ts'
import { inParallel } from '../rigs/parallel.ts'
import { populate } from '../rigs/population.ts'
import { startEngineOnPostgres } from './engine-on-postgres.ts'
import { fieldCenter, fieldOf } from './stacks/stack.ts'

const connections = 4
const rowsAtOnce = 64
const commandsAtOnce = 2_048
const pharmacies = 5

const measures = {
  bare: { name: 'raw unnest, 64 rows a statement', unit: 'rows/s', better: 'higher' },
  ours: {
    name: 'accepts, durable and answered',
    unit: 'accepts/s',
    better: 'higher',
    baseline: 'raw unnest, 64 rows a statement',
    goal: { value: 30_000, ratio: 0.35, ...decision('what-a-command-costs') },
  },
} as const satisfies Record<string, Measure>

async function open(context: Context): Promise<Round> {
  const count = context.quick ? 3_000 : 20_000
  const { bus, database, databaseUrl, env } = await startEngineOnPostgres(context)
  const raw = new pg.Pool({ connectionString: databaseUrl, max: connections })
  context.defer(() => raw.end())
  await raw.query(
    'create table bare_rows (id uuid not null, version integer not null, at timestamptz not null, data json not null, primary key (id, version))',
  )
  const people = await populate(
    {
      database,
      bus,
      nowMs: env.nowMs,
      random: env.random,
      after: env.after,
      jwtSecret: 'x'.repeat(32),
    },
    { customers: 1, pharmacies: fieldOf(pharmacies).pharmacies },
  )
  const newId = (): string => uuidV7(env.nowMs(), env.random)
  const tell = async (envelope: Omit<CommandEnvelope, 'id' | 'actor'>): Promise<boolean> =>
    (
      decodeBody(
        await bus.request(
          ownerSubject(envelope.actor_id),
          encodeBody({ id: newId(), actor: 'order', ...envelope }),
          drainMs,
        ),
      ) as { ok: boolean }
    ).ok
  const customer = people.customers[0]!.userId
  const openRequest = (id: string): Promise<boolean> =>
    tell({
      actor_id: id,
      verb: 'broadcast',
      by: { role: 'customer', id: customer },
      data: {
        order_id: id,
        customer_id: customer,
        customer_name: 'Customer',
        customer_phone: '+977',
        ...fieldCenter,
        radius_km: 10,
        items: [],
        expires_in_seconds: 3_600,
      },
    })
  const accept = (id: string, index: number): Promise<boolean> =>
    tell({
      actor_id: id,
      verb: 'respond',
      by: { role: 'vendor', id: people.pharmacies[index % pharmacies]!.pharmacyId },
      data: { response_type: 'ACCEPTED' },
    })

  return async () => {
    context.progress(`opens ${count} requests`)
    const ids = Array.from({ length: count }, newId)
    await inParallel(ids, commandsAtOnce, async id => {
      if (!(await openRequest(id))) throw new Error('a request was refused')
    })
    context.progress('raw unnest')
    context.sample(measures.bare, { value: await rawRows(raw, count) })
    context.progress('accepts')
    const cpu = process.cpuUsage()
    const startMs = performance.now()
    let won = 0
    await inParallel(ids, commandsAtOnce, async (id, index) => {
      if (await accept(id, index)) won++
    })
    const seconds = (performance.now() - startMs) / 1_000
    const used = process.cpuUsage(cpu)
    context.check(won === count, `${count - won} of ${count} accepts were refused`)
    context.sample(measures.ours, {
      value: count / seconds,
      cpuSecondsPerUnit: (used.user + used.system) / 1e6 / count,
      note: `${commandsAtOnce} under way, fsync on`,
    })
  }
}

const drainMs = 30_000

/** Rows a second of one event each, about as large as the event of an accept. */
async function rawRows(pool: pg.Pool, count: number): Promise<number> {
  const data = JSON.stringify({
    vendor: {
      vendor_id: uuidV7(Date.now(), Math.random),
      name: 'Pharmacy',
      phone: '+977',
      ...fieldCenter,
    },
    text_message: null,
    distance_km: 1.234,
  })
  const groups = Array.from({ length: Math.ceil(count / rowsAtOnce) })
  const startMs = performance.now()
  await inParallel(groups, connections, async () => {
    const ids = Array.from({ length: rowsAtOnce }, () => uuidV7(Date.now(), Math.random))
    await pool.query({
      name: 'bare',
      text: `insert into bare_rows select id, 1, now(), $2::json from unnest($1::uuid[]) as t(id)`,
      values: [`{${ids.join(',')}}`, data],
    })
  })
  return (groups.length * rowsAtOnce * 1_000) / (performance.now() - startMs)
}

export const bench: Bench = {
  name: 'durable',
  group: 'load',
  title: 'durable accepts on PostgreSQL',
  needs: ['postgres'],
  open,
}
