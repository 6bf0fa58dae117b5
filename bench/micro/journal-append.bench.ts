/**
 * What the journal's promises cost. The baseline is one bare statement for the same rows and bytes, in
 * batches of the same size, two at once as the journal has two lanes: events by `unnest`, the orders'
 * rows by `on conflict do update`, words of new orders. What the journal adds to it is the fence, the
 * check that each append continues its actor, the grouping, and an answer for each append.
 *
 * Two raw cases write the events alone, by `unnest` and by COPY: what an order list that is never behind costs. The order
 * row is a view of 1.4 KB for an event of 0.4 KB.
 *
 * On PostgreSQL with fsync.
 */
import { testOrderView } from '../../engine/journal/contract.ts'
import type { AppendRequest } from '../../engine/journal/journal.ts'
import { postgresJournal } from '../../engine/journal/postgres.ts'
import { appendParameters } from '../../engine/journal/rows.ts'
import { realEnv } from '../../protocol/env.ts'
import { openDatabase } from '../../migrations/open.ts'
import type { OrderEvent } from '../../protocol/events.ts'
import { uuidV7 } from '../../protocol/ids.ts'
import { seededRandom } from '../../protocol/chance.ts'
import { decision } from '../common/decisions.ts'
import { copyIn, freshDatabase } from '../common/database.ts'
import type { MicroServices, MicroSuite } from './suite.ts'

const actorsPerRun = 512
const rowsPerStatement = 256
/** Versions that an actor reaches before a new one takes its place. */
const lifeVersions = 8
const slotCount = 64

const orderColumns = 'id, kind, order_number, tracking_token, status, user_id, vendor_id, driver_id, offered_driver_id, candidate_ids, expires_at, created_at, updated_at, accepted_at, delivered_at, delivery_fee_minor, actual_distance_km, version, view'
const changing = ['status', 'tracking_token', 'vendor_id', 'driver_id', 'offered_driver_id', 'expires_at', 'updated_at', 'accepted_at', 'delivered_at', 'delivery_fee_minor', 'actual_distance_km', 'version', 'view']

const insertEvents = `insert into raw_events (actor_id, version, slot, seq, kind, at, type, command_id, data, v)
    select actor_id, version, slot, seq, kind, at, type, command_id, data, $10::smallint
    from unnest($1::uuid[], $2::integer[], $3::smallint[], $4::bigint[], $5::text[], $6::timestamptz[], $7::text[], $8::text[], $9::json[])
      as e(actor_id, version, slot, seq, kind, at, type, command_id, data)`
const rawEvents = { name: 'raw_events', text: insertEvents }
const rawRows = {
  name: 'raw_rows',
  text: `with written as (${insertEvents}), listed as (
    insert into raw_orders (${orderColumns})
    select id, kind, order_number, tracking_token, status, user_id, vendor_id, driver_id, offered_driver_id, case when candidates_from > 0 then ($33::uuid[])[candidates_from:candidates_to] end, expires_at, created_at, updated_at, accepted_at, delivered_at, delivery_fee_minor, actual_distance_km, version, view
    from unnest($11::uuid[], $12::text[], $13::text[], $14::text[], $15::text[], $16::uuid[], $17::uuid[], $18::uuid[], $19::uuid[], $20::integer[], $32::integer[], $21::timestamptz[], $22::timestamptz[], $23::timestamptz[], $24::timestamptz[], $25::timestamptz[], $26::bigint[], $27::double precision[], $28::integer[], $29::json[])
      as o(${orderColumns.replace('candidate_ids', 'candidates_from, candidates_to')})
    on conflict (id) do update set ${changing.map(column => `${column} = excluded.${column}`).join(', ')})
  insert into raw_order_words (order_id, words)
  select order_id, array_to_tsvector(string_to_array(words, ' ')) from unnest($30::uuid[], $31::text[]) as w(order_id, words)`,
}

const accepted = (id: string): OrderEvent => ({
  type: 'order_accepted',
  data: {
    vendor: { vendor_id: id, name: 'Elm Row Pharmacy', phone: '+1 555 0100', latitude: 28.61, longitude: 77.21, address: '5 Elm Row, second floor', proof_required: true },
    distance_km: 2.34, fee_minor: 425, text_message: 'Ready in ten minutes, please bring the prescription', audio_url: null,
  },
})

async function cases(services: MicroServices) {
  const database = await openDatabase({ url: await freshDatabase(services.url('postgres')) })
  const env = realEnv()
  const random = seededRandom(11)
  const journal = postgresJournal(database.pool, env)
  const leases = await journal.acquireSlots('bench', Array.from({ length: slotCount }, (_, slot) => slot), 3_600_000, true)
  const epochs = new Map(leases.map(lease => [lease.slot, lease.epoch]))
  for (const table of ['events', 'orders', 'order_words']) {
    await database.pool.query(`create table raw_${table} (like ${table} including all)`)
    await database.pool.query(`alter table raw_${table} set (fillfactor = ${table === 'orders' ? 50 : 100})`).catch(() => {})
  }
  await database.pool.query('create table copied_events (like events including all)')

  /** Ids that live through some versions and are then replaced, as orders do. */
  const population = () => {
    let ids: string[] = []
    let version = lifeVersions
    return () => {
      if (version >= lifeVersions) {
        ids = Array.from({ length: actorsPerRun }, () => uuidV7(env.nowMs(), random))
        version = 0
      }
      return { ids, version: version++ }
    }
  }

  const requestOf = (id: string, i: number, fromVersion: number, eventsPerAppend: number): AppendRequest => {
    const slot = i % slotCount
    return {
      slot, epoch: epochs.get(slot)!, kind: 'order', actorId: id, fromVersion, atMs: env.nowMs(), commandId: id,
      events: Array.from({ length: eventsPerAppend }, () => accepted(id)),
      row: { kind: 'order', view: testOrderView(id, fromVersion + eventsPerAppend, { notes: null }) },
    }
  }

  let rawSeq = 0
  const raw = (eventsPerAppend: number, withRows: boolean) => {
    const next = population()
    return async (): Promise<void> => {
      const { ids, version } = next()
      const group = ids.map((id, i) => {
        const one = { request: requestOf(id, i, version * eventsPerAppend, eventsPerAppend), firstSeq: rawSeq + 1 }
        rawSeq += eventsPerAppend
        return one
      })
      const rowsAtOnce = rowsPerStatement / eventsPerAppend
      const parts = Array.from({ length: ids.length / rowsAtOnce }, (_, n) => group.slice(n * rowsAtOnce, (n + 1) * rowsAtOnce))
      for (let at = 0; at < parts.length; at += 2)
        await Promise.all(parts.slice(at, at + 2).map(part => {
          const [,,,,, ...values] = appendParameters(part)
          const events = values.slice(0, 10)
          // Orders, then drivers (there are none), then words, then where whose candidates lie, and the candidates.
          return withRows
            ? database.pool.query({ ...rawRows, values: [...events, ...values.slice(10, 29), ...values.slice(40)] })
            : database.pool.query({ ...rawEvents, values: events })
        }))
    }
  }

  const nextCopied = population()
  let copySeq = 0
  async function copy(): Promise<void> {
    const { ids, version } = nextCopied()
    const at = new Date(env.nowMs()).toISOString()
    const rows = ids.map((id, i) => [id, version + 1, i % slotCount, ++copySeq, 'order', at, 'order_accepted', id, JSON.stringify(accepted(id).data).replaceAll('\\', '\\\\'), 1].join('\t'))
    const client = await database.pool.connect()
    try {
      await copyIn(client, 'copy copied_events (actor_id, version, slot, seq, kind, at, type, command_id, data, v) from stdin', `${rows.join('\n')}\n`)
    } finally {
      client.release()
    }
  }

  const appends = (eventsPerAppend: number) => {
    const next = population()
    return async (): Promise<void> => {
      const { ids, version } = next()
      await Promise.all(ids.map(async (id, i) => {
        const { outcome } = await journal.append(requestOf(id, i, version * eventsPerAppend, eventsPerAppend))
        if (outcome !== 'committed') throw new Error(`append was ${outcome}`)
      }))
    }
  }

  return {
    [baseline]: { operationsPerRun: actorsPerRun, run: raw(1, true) },
    'journal, 1 event and its order row': { operationsPerRun: actorsPerRun, run: appends(1), goal: { ratio: 0.9, ...decision('what-a-command-costs') } },
    [baselineOfTwo]: { operationsPerRun: 2 * actorsPerRun, run: raw(2, true), baseline: null },
    'journal, 2 events and one order row': { operationsPerRun: 2 * actorsPerRun, run: appends(2), baseline: baselineOfTwo, goal: { ratio: 0.9, ...decision('what-a-command-costs') } },
    'raw COPY, events only': { operationsPerRun: actorsPerRun, run: copy },
    'raw unnest, events only': { operationsPerRun: actorsPerRun, run: raw(1, false) },
  }
}

const baseline = 'raw unnest, 1 event and its order row'
const baselineOfTwo = 'raw unnest, 2 events and one order row'

/** Operations are events. */
export const suite: MicroSuite = { name: 'journal-append', title: 'durable appends to the journal', baseline, needs: ['postgres'], cases }
