/**
 * The audit trail: rows are written later in batches, a failed write is repeated, and refusals of
 * strangers do not displace other rows.
 */
import t from 'tap'
import { pino } from 'pino'
import type { PgPool } from '../../migrations/database/open.ts'
import { preparedDatabase } from '../../migrations/database/prepared.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { createMetrics } from '../kernel/metrics.ts'
import { createAuditTrail } from './audit-trail.ts'
import type { AuditEntry } from './port.ts'
import { auditLimits } from './limits.ts'

const database = await preparedDatabase()
t.teardown(() => database.close())

const entry = (operation: string): AuditEntry => ({
  actorRole: 'user',
  actorId: uuidV7(Date.now(), Math.random),
  operation,
  targetKind: 'orders',
  targetId: null,
  address: '192.0.2.1',
  userAgent: 'x'.repeat(1_000),
  status: 200,
  code: null,
  requestId: 'r-1',
})

/** A trail whose timer the test fires, on the real database with faults that the test chooses. */
function start(fault: (nth: number) => 'pass' | 'failBefore' | 'failAfter' = () => 'pass') {
  let nth = 0
  const query = (async (...args: Parameters<PgPool['query']>) => {
    const verdict = fault(nth++)
    if (verdict === 'failBefore') throw new Error('injected')
    const answer = await database.pool.query(...args)
    if (verdict === 'failAfter') throw new Error('injected')
    return answer
  }) as PgPool['query']
  const due: (() => void)[] = []
  const metrics = createMetrics()
  const trail = createAuditTrail({
    pool: { query },
    log: pino({ level: 'silent' }),
    metrics,
    nowMs: Date.now,
    random: Math.random,
    after(_, run) {
      due.push(run)
      return () => {
        due.splice(due.indexOf(run), 1)
      }
    },
  })
  const counted = async (outcome: string) =>
    (await metrics.auditRows.get()).values.find(value => value.labels.outcome === outcome)?.value ??
    0
  return { trail, due, counted }
}
const stored = async (operation: string): Promise<number> =>
  (
    await database.kysely
      .selectFrom('audit_log')
      .select('id')
      .where('operation', '=', operation)
      .execute()
  ).length
const until = async (holds: () => boolean) => {
  while (!holds())
    await new Promise(resolve => {
      setTimeout(resolve, 5)
    })
}

t.test('rows are written later, in batches, with long texts cut', async t => {
  const { trail, due, counted } = start()
  const count = auditLimits.batchRowsMax + 10
  for (let i = 0; i < count; i++) trail.note(entry('batches'))
  t.equal(await stored('batches'), 0, 'no caller waits for the database')
  t.equal(due.length, 1, 'one timer for all of them')
  due.shift()!()
  await until(() => trail.waiting === 0)
  t.equal(await stored('batches'), count)
  t.equal(await counted('written'), count)
  const row = await database.kysely
    .selectFrom('audit_log')
    .selectAll()
    .where('operation', '=', 'batches')
    .executeTakeFirstOrThrow()
  t.equal(row.user_agent?.length, auditLimits.textCharactersMax)
  await trail.close()
})

t.test(
  'a failed write is tried again, and a write whose answer was lost is not doubled',
  async t => {
    for (const fault of ['failBefore', 'failAfter'] as const) {
      const { trail, due, counted } = start(nth => (nth === 0 ? fault : 'pass'))
      trail.note(entry(fault))
      due.shift()!()
      await until(() => due.length === 1)
      t.equal(trail.waiting, 1, 'the row waits for the next attempt')
      due.shift()!()
      await until(() => trail.waiting === 0)
      t.equal(await stored(fault), 1, fault)
      t.equal(await counted('lost'), 0)
      await trail.close()
    }
  },
)

t.test('waiting rows are bounded, lost rows are counted, and the end writes the rest', async t => {
  const away = start(() => 'failBefore')
  for (let i = 0; i < auditLimits.queueRowsMax + 5; i++) away.trail.note(entry('away'))
  t.equal(away.trail.waiting, auditLimits.queueRowsMax)
  t.equal(await away.counted('lost'), 5)
  await away.trail.close()
  t.equal(await away.counted('lost'), auditLimits.queueRowsMax + 5)

  const { trail } = start()
  trail.note(entry('closing'))
  await trail.close()
  t.equal(await stored('closing'), 1)
  trail.note(entry('closing'))
  t.equal(trail.waiting, 0, 'no row is taken after the end')
})

const refusal = (address: string, operation = 'track'): AuditEntry => ({
  ...entry(operation),
  actorRole: 'anonymous',
  actorId: null,
  targetId: null,
  address,
  status: 404,
  code: 'not_found',
})

t.test('a hundred thousand reads of invented links leave few rows, from any address', async t => {
  let nowMs = Date.now()
  const trail = createAuditTrail({
    pool: database.pool,
    log: pino({ level: 'silent' }),
    metrics: createMetrics(),
    nowMs: () => nowMs,
    random: Math.random,
    after: () => () => {},
  })
  for (let i = 0; i < 100_000; i++) trail.note(refusal('192.0.2.1'))
  t.equal(trail.waiting, 1, 'one refusal stands for its repeats')
  for (let i = 0; i < 100_000; i++)
    trail.note(refusal(`2001:db8:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::1`))
  t.equal(
    trail.waiting,
    auditLimits.strangerRowsPerHourMax,
    'all strangers together have a bound in an hour',
  )
  nowMs += 3_600_000
  for (let i = 0; i < 100_000; i++)
    trail.note(refusal(`2001:db9:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::1`))
  t.equal(trail.waiting, auditLimits.strangerQueueRowsMax, 'the room for their rows does not grow')
  trail.note({ ...refusal('192.0.2.2'), operation: 'socket.tracking', status: 4004, code: null })
  t.equal(trail.waiting, auditLimits.strangerQueueRowsMax, 'a refused socket is a refusal too')
  await trail.close()
})

t.test('refusals of strangers displace no row of a person and no row of an action', async t => {
  const { trail, counted } = start(() => 'failBefore')
  for (let i = 0; i < 50_000; i++) trail.note(refusal(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`))
  const before = trail.waiting
  for (let i = 0; i < auditLimits.queueRowsMax - 1; i++) trail.note(entry('honest'))
  trail.note({ ...entry('login'), actorRole: 'anonymous', actorId: null })
  t.equal(
    trail.waiting - before,
    auditLimits.queueRowsMax,
    'a sign-in that succeeds has no actor yet, and its row is kept',
  )
  t.equal(await counted('lost'), 0)
  await trail.close()
})
