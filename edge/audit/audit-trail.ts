/**
 * The audit trail: one row for each operation that showed or changed a record, with the caller, the
 * record, the time, the address and the result. Rows are written later, in batches. Nobody waits
 * for them; a slow or absent database costs memory up to a bound, and then rows, which are counted.
 * The journal decides; this table records who read and who asked. It never holds a body, a token,
 * or an id that is not a record's.
 *
 * Refusals of strangers wait in a small queue of their own, so that no number of them displaces a
 * row of a person or of an action.
 *
 * Rejected: a trigger on the tables, which does not know the caller, the address, or the reads.
 * Rejected: a row in the transaction of the change, for which every request would wait.
 */
import type { Logger } from 'pino'
import type { PgPool } from '../../migrations/database/open.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Metrics } from '../kernel/metrics.ts'
import { auditLimits } from './limits.ts'
import type { AuditEntry, AuditTrail } from './port.ts'
import { isRefusedStranger, Strangers } from './strangers.ts'

export interface AuditDeps {
  pool: Pick<PgPool, 'query'>
  log: Logger
  metrics: Pick<Metrics, 'auditRows'>
  nowMs(): number
  random(): number
  after(ms: number, run: () => void): () => void
}

type Row = AuditEntry & { id: string; atMs: number }

/**
 * Fixed text, prepared once. A batch that was written although its answer was lost is not written
 * twice.
 */
const insert = {
  name: 'audit_insert',
  text: `insert into audit_log (id, at, actor_role, actor_id, operation, target_kind, target_id, address, user_agent, status, code, request_id)
    select id, to_timestamp(at_ms / 1000), actor_role, actor_id, operation, target_kind, target_id, address, user_agent, status, code, request_id
    from unnest($1::uuid[], $2::double precision[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::text[], $9::text[], $10::integer[], $11::text[], $12::text[])
      as rows(id, at_ms, actor_role, actor_id, operation, target_kind, target_id, address, user_agent, status, code, request_id)
    on conflict do nothing`,
}

/** Makes the trail. It begins to write when the first row is noted. */
export function createAuditTrail({
  pool,
  log,
  metrics,
  nowMs,
  random,
  after,
}: AuditDeps): AuditTrail {
  /** All rows except the refusals of strangers, which wait in the other queue. */
  let queue: Row[] = []
  let strangersQueue: Row[] = []
  const strangers = new Strangers(nowMs, metrics)
  const waiting = (): number => queue.length + strangersQueue.length
  let writing: Promise<void> | null = null
  let scheduled = false
  let cancel = () => {}
  let closed = false

  const write = (rows: Row[]): Promise<unknown> => {
    const column = (of: (row: Row) => unknown): unknown[] => rows.map(of)
    return pool.query({
      ...insert,
      values: [
        column(row => row.id),
        column(row => row.atMs),
        column(row => row.actorRole),
        column(row => row.actorId),
        column(row => row.operation),
        column(row => row.targetKind),
        column(row => row.targetId),
        column(row => row.address),
        column(row => row.userAgent),
        column(row => row.status),
        column(row => row.code),
        column(row => row.requestId),
      ],
    })
  }
  const flush = async (): Promise<void> => {
    while (waiting() > 0) {
      const ofStrangers = queue.length === 0
      const batch = (ofStrangers ? strangersQueue : queue).slice(0, auditLimits.batchRowsMax)
      try {
        await write(batch)
      } catch (error) {
        log.warn(
          { err: error, rows: waiting() },
          'the audit trail could not be written; it will be tried again',
        )
        return
      }
      if (ofStrangers) strangersQueue = strangersQueue.slice(batch.length)
      else queue = queue.slice(batch.length)
      metrics.auditRows.inc({ outcome: 'written' }, batch.length)
    }
  }
  const schedule = (): void => {
    if (scheduled || closed) return
    scheduled = true
    cancel = after(auditLimits.flushMs, () => {
      writing = flush().finally(() => {
        writing = null
        scheduled = false
        if (waiting() > 0) schedule()
      })
    })
  }

  return {
    get waiting() {
      return waiting()
    },
    note(entry) {
      const stranger = isRefusedStranger(entry)
      if (stranger && !closed && !strangers.keeps(entry)) return
      const room = stranger ? strangersQueue : queue
      if (
        closed ||
        room.length >= (stranger ? auditLimits.strangerQueueRowsMax : auditLimits.queueRowsMax)
      ) {
        metrics.auditRows.inc({ outcome: 'lost' })
        return
      }
      const atMs = nowMs()
      room.push({
        ...entry,
        userAgent: entry.userAgent?.slice(0, auditLimits.textCharactersMax) ?? null,
        id: uuidV7(atMs, random),
        atMs,
      })
      schedule()
    },
    async close() {
      closed = true
      cancel()
      await writing
      await flush()
      if (waiting() > 0) metrics.auditRows.inc({ outcome: 'lost' }, waiting())
    },
  }
}
