/**
 * The subjects of the journal's contract: the store in memory and the databases. Also a pool that
 * loses replies.
 */
import { kinds } from '../kinds.ts'
import { sql } from 'kysely'
import t from 'tap'
import { type Database, type PgPool, type QueryConfig } from '../../migrations/database/open.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { endedStatuses } from '../../protocol/orders/statuses.ts'
import { orderView } from '../../protocol/orders/view-parts.ts'
import type { DriverRow, JournalSubject } from './contract/subject.ts'
import { memoryJournal, MemoryStore } from './memory.ts'
import { postgresJournal } from './postgres.ts'

export const { nowMs, after } = realEnv()
const sleep = (ms: number): Promise<void> =>
  new Promise(resolve => {
    after(ms, resolve)
  })
/** The journal over a database, as a deployment with servers has it. */
export const journalOver = (pool: PgPool) => postgresJournal(pool, kinds, { nowMs, after })

/** A store in memory with a clock that `pass` moves. */
export async function memorySubject(): Promise<JournalSubject> {
  let clockMs = 1_000
  const store = new MemoryStore(() => clockMs, kinds)
  return {
    open: () => memoryJournal(store),
    orderRow: async id => {
      const order = store.order(id)
      if (order === undefined) return null
      const words = String(store.table('order_words').rows.get(id)?.['words'])
      return { ...order, words: words.split(' ').sort() }
    },
    async driverRow(id) {
      const row = store.table('drivers').rows.get(id) as
        | Record<keyof DriverRow | 'total_earnings_minor', never>
        | undefined
      if (row === undefined) return null
      const { membership, status, capacity, active_order_ids, total_deliveries, version } = row
      return {
        membership,
        status,
        capacity,
        active_order_ids: String(active_order_ids).slice(1, -1).split(',').filter(Boolean),
        total_deliveries,
        version,
        totalEarningsMinor: row.total_earnings_minor,
      }
    },
    putPharmacy: async pharmacy => store.putPharmacy(pharmacy),
    putConfiguration: async stored => {
      store.configuration = stored
    },
    putUpload: async upload => {
      store.uploads.set(upload.id, upload)
    },
    async pass(ms) {
      clockMs += ms
    },
    parked: async slot => [...store.parked.values()].filter(one => one.slot === slot),
    outage: { begin: async () => store.setAway(true), end: async () => store.setAway(false) },
    close: async () => {},
  }
}

/** A database. `outage` ends it and starts it again, where it is a server. */
export async function databaseSubject(
  database: Database,
  outage?: JournalSubject['outage'],
): Promise<JournalSubject> {
  const { kysely, pool } = database
  return {
    open: () => journalOver(pool),
    async orderRow(id) {
      const row = await kysely
        .selectFrom('orders')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      if (row === undefined) return null
      const view = orderView(row)
      const { status, version, tracking_token, vendor_id, created_at } = view
      t.same(
        [row.status, row.version, row.tracking_token, row.vendor_id, row.created_at.toISOString()],
        [status, version, tracking_token, vendor_id, created_at],
        'the columns agree with the view',
      )
      t.equal(row.ended_as, endedStatuses.includes(status) ? status : null)
      const found = await sql<{
        words: string[]
      }>`select tsvector_to_array(words) as words from order_words where order_id = ${id}`.execute(
        kysely,
      )
      return {
        view,
        candidateIds: row.candidate_ids,
        offeredDriverId: row.offered_driver_id,
        words: found.rows[0]!.words.sort(),
      }
    },
    async driverRow(id) {
      const row = await kysely
        .selectFrom('drivers')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      if (row === undefined) return null
      const { membership, status, capacity, active_order_ids, total_deliveries, version } = row
      return {
        membership,
        status,
        capacity,
        active_order_ids,
        total_deliveries,
        version,
        totalEarningsMinor: row.total_earnings_minor,
      }
    },
    async putPharmacy({
      vendor_id,
      name,
      opening_hours,
      tariff,
      custody_additions,
      is_active: _,
      revision: __,
      ...rest
    }) {
      await kysely
        .insertInto('vendors')
        .values({
          id: vendor_id,
          user_id: vendor_id,
          business_name: name,
          email: 'p@example.org',
          ...rest,
          custody_additions: JSON.stringify(custody_additions ?? null),
          opening_hours: JSON.stringify(opening_hours),
          tariff: JSON.stringify(tariff),
        })
        .execute()
    },
    async putConfiguration({ revision, settings }) {
      await kysely
        .insertInto('configurations')
        .values({
          revision,
          settings: JSON.stringify(settings),
          changed_by: '00000000-0000-7000-8000-000000000001',
          changed_at: new Date(0),
        })
        .execute()
    },
    async putUpload({ id, kind, ownerId, driverId, pharmacyId, orderId, atMs }) {
      const at = new Date(atMs)
      if (driverId !== null) {
        await kysely
          .insertInto('drivers')
          .values({
            id: driverId,
            user_id: ownerId,
            vendor_id: driverId,
            full_name: 'D',
            email: null,
            phone: '1',
            vehicle_type: 'bike',
            vehicle_number: null,
            license_number: null,
            membership: 'active',
          })
          .onConflict(c => c.doNothing())
          .execute()
      }
      if (pharmacyId !== null) {
        await kysely
          .insertInto('vendors')
          .values({
            id: pharmacyId,
            user_id: ownerId,
            business_name: 'P',
            email: `${pharmacyId}@example.org`,
            phone: '1',
            address: null,
            latitude: 1,
            longitude: 1,
            status: 'active',
          })
          .execute()
      }
      await kysely
        .insertInto('uploads')
        .values({
          id,
          kind,
          owner_id: ownerId,
          order_id: orderId,
          content_type: 'image/png',
          bytes_count: 1,
          path: id,
          created_at: at,
          stored_at: at,
        })
        .execute()
    },
    parked: async slot =>
      (
        await kysely.selectFrom('parked_commands').selectAll().where('slot', '=', slot).execute()
      ).map(row => ({
        slot: row.slot,
        seq: row.seq,
        fromActorId: row.from_actor_id,
        kind: row.kind as 'driver',
        actorId: row.actor_id,
        commandId: row.command_id,
        command: row.command,
        detail: row.detail,
        tries: row.tries,
      })),
    pass: ms => sleep(ms),
    ...(outage && { outage }),
    close: () => database.close(),
  }
}

/**
 * A pool that fails appends by the verdict on the n-th one, from 0: before they run, or after they
 * have run, as a connection does that is cut before the reply. It counts the appends.
 */
export function losingReplies(
  inner: PgPool,
  verdict: (nth: number) => 'pass' | 'failBefore' | 'failAfter',
): PgPool & { appends: number } {
  const wrapper = {
    appends: 0,
    connect: () => inner.connect(),
    end: () => inner.end(),
    async query<R>(query: string | QueryConfig, values?: readonly unknown[]) {
      if (typeof query === 'string' || query.name?.startsWith('journal_append') !== true)
        return inner.query<R>(query, values)
      const fault = verdict(wrapper.appends++)
      if (fault === 'failBefore') throw new Error('injected: connection lost before')
      const answer = await inner.query<R>(query, values)
      if (fault === 'failAfter') throw new Error('injected: connection lost after')
      return answer
    },
  }
  return wrapper
}
