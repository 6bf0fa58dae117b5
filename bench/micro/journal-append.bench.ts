/**
 * The cost of the journal's promises. The baseline is one bare statement for the same rows and
 * bytes, in batches of the same size, two at once as the journal has two lanes: events by `unnest`,
 * rows of orders by `on conflict do update`, words of new orders. The journal adds the fence, the
 * check that each append continues its actor, the grouping, and an answer for each append.
 *
 * Two raw cases write the events alone, by `unnest` and by COPY. They show the cost of order lists
 * that are never behind.
 *
 * On PostgreSQL with fsync.
 */
import { kinds } from '../../engine/kinds.ts'
import { appendPlan, sqlTypes } from '../../engine/journal/append.ts'
import { ArrayWriter } from '../../engine/journal/arrays.ts'
import { eventColumns } from '../../engine/journal/columns.ts'
import { testOrderRow, testOrderView } from '../../engine/journal/contract/rows.ts'
import type { AppendRequest } from '../../engine/journal/journal.ts'
import { postgresJournal } from '../../engine/journal/postgres.ts'
import type { ColumnType } from '../../engine/journal/table.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { openDatabase } from '../../migrations/database/open.ts'
import { eventVersion, type OrderEvent } from '../../protocol/dispatch/events.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import { decision } from '../harness/decisions.ts'
import { copyIn, freshDatabase } from '../rigs/database.ts'
import type { MicroServices, MicroSuite } from './suite.ts'

const actorsPerRun = 512
const rowsPerStatement = 256
/** Versions that an actor reaches before a new one replaces it. */
const lifeVersions = 8
const slotCount = 64

const named = (columns: readonly { name: string }[]): string =>
  columns.map(column => column.name).join(', ')

const plan = appendPlan(kinds)
const tableOf = (name: string) =>
  kinds.flatMap(kind => kind.tables).find(table => table.name === name)!
const [ordersTable, wordsTable] = [tableOf('orders'), tableOf('order_words')]
/** Position of the events in the parameters, after the fence and the check for gaps. */
const eventsAt = 4

/**
 * The bare statements take the same bytes as the journal's append: its columns, from the same
 * lists.
 */
function rawStatement(name: string, written: 'events' | 'events, rows' | 'events, rows, words') {
  let last = 0
  const arrays = (columns: readonly { type: ColumnType }[]): string =>
    columns.map(({ type }) => `$${++last}::${sqlTypes[type]}[]`).join(', ')
  const events = `insert into raw_events (${named(eventColumns)}, v)
    select ${named(eventColumns)}, ${eventVersion} from unnest(${arrays(eventColumns)}) as e(${named(eventColumns)})`
  if (written === 'events') return { name, text: events }
  const orderColumns = ordersTable.columns
  const spans = [{ type: 'int4' as const }, { type: 'int4' as const }]
  const [orders, candidates] = [arrays([...orderColumns, ...spans]), `$${++last}::uuid[]`]
  const changing = orderColumns.filter(column => column.isFixed !== true)
  const rows = `insert into raw_orders (${named(orderColumns)}, candidate_ids)
      select ${named(orderColumns)}, case when candidates_from > 0 then (${candidates})[candidates_from:candidates_to] end
      from unnest(${orders}) as o(${named(orderColumns)}, candidates_from, candidates_to)
      on conflict (id) do update set ${changing.map(({ name: column }) => `${column} = excluded.${column}`).join(', ')}`
  if (written === 'events, rows') return { name, text: `with written as (${events}) ${rows}` }
  return {
    name,
    text: `with written as (${events}), listed as (${rows})
    insert into raw_order_words (order_id, words)
    select order_id, array_to_tsvector(string_to_array(words, ' ')) from unnest(${arrays(wordsTable.columns)}) as w(order_id, words)`,
  }
}
const rawEvents = rawStatement('raw_events', 'events')
const rawRows = rawStatement('raw_rows', 'events, rows')
const rawNewRows = rawStatement('raw_new_rows', 'events, rows, words')

const accepted = (id: string): OrderEvent => ({
  type: 'order_accepted',
  data: {
    vendor: {
      vendor_id: id,
      name: 'Elm Row Pharmacy',
      phone: '+1 555 0100',
      latitude: 28.61,
      longitude: 77.21,
      address: '5 Elm Row, second floor',
      proof_required: true,
    },
    distance_km: 2.34,
    fee_minor: 425,
    text_message: 'Ready in ten minutes, please bring the prescription',
    audio_url: null,
  },
})

async function cases(services: MicroServices) {
  const database = await openDatabase({
    url: await freshDatabase(services.url('postgres')),
    keepsPlans: true,
  })
  const env = realEnv()
  const random = seededRandom(11)
  const journal = postgresJournal(database.pool, kinds, env)
  const leases = await journal.acquireSlots(
    'bench',
    Array.from({ length: slotCount }, (_, slot) => slot),
    3_600_000,
    true,
  )
  const epochs = new Map(leases.map(lease => [lease.slot, lease.epoch]))
  for (const table of ['events', 'orders', 'order_words']) {
    await database.pool.query(`create table raw_${table} (like ${table} including all)`)
    await database.pool
      .query(`alter table raw_${table} set (fillfactor = ${table === 'orders' ? 50 : 100})`)
      .catch(() => {})
  }
  await database.pool.query('create table copied_events (like events including all)')

  /** Ids that pass through some versions and are then replaced, as orders are. */
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

  const requestOf = (
    id: string,
    i: number,
    fromVersion: number,
    eventsPerAppend: number,
  ): AppendRequest => {
    const slot = i % slotCount
    return {
      slot,
      epoch: epochs.get(slot)!,
      kind: 'order',
      actorId: id,
      fromVersion,
      atMs: env.nowMs(),
      commandId: id,
      by: { role: 'vendor', id },
      events: Array.from({ length: eventsPerAppend }, () => accepted(id)),
      row: {
        order: testOrderRow(
          testOrderView(id, fromVersion + eventsPerAppend, { notes: null }),
          fromVersion === 0,
        ),
      },
    }
  }

  let rawSeq = 0
  const raw = (eventsPerAppend: number, withRows: boolean) => {
    const next = population()
    return async (): Promise<void> => {
      const { ids, version } = next()
      const group = ids.map((id, i) => {
        const one = {
          request: requestOf(id, i, version * eventsPerAppend, eventsPerAppend),
          firstSeq: rawSeq + 1,
        }
        rawSeq += eventsPerAppend
        return one
      })
      const rowsAtOnce = rowsPerStatement / eventsPerAppend
      const parts = Array.from({ length: ids.length / rowsAtOnce }, (_, n) =>
        group.slice(n * rowsAtOnce, (n + 1) * rowsAtOnce),
      )
      for (let at = 0; at < parts.length; at += 2)
        await Promise.all(
          parts.slice(at, at + 2).map(part => {
            const { name, values } = plan.query(new ArrayWriter(), part)
            const events = values.slice(eventsAt, eventsAt + eventColumns.length)
            if (!withRows) return database.pool.query({ ...rawEvents, values: events })
            const [orders, words] = plan.placesOf(name)!
            const rows = values.slice(orders!.columnsAt, orders!.listsAt + 1)
            if (words === undefined)
              return database.pool.query({ ...rawRows, values: [...events, ...rows] })
            const wordRows = values.slice(words.columnsAt, words.spansAt)
            return database.pool.query({ ...rawNewRows, values: [...events, ...rows, ...wordRows] })
          }),
        )
    }
  }

  const nextCopied = population()
  let copySeq = 0
  async function copy(): Promise<void> {
    const { ids, version } = nextCopied()
    const at = new Date(env.nowMs()).toISOString()
    const rows = ids.map((id, i) =>
      [
        id,
        version + 1,
        i % slotCount,
        ++copySeq,
        'order',
        at,
        'order_accepted',
        id,
        JSON.stringify(accepted(id).data).replaceAll('\\', '\\\\'),
        1,
      ].join('\t'),
    )
    const client = await database.pool.connect()
    try {
      await copyIn(
        client,
        'copy copied_events (actor_id, version, slot, seq, kind, at, type, command_id, data, v) from stdin',
        `${rows.join('\n')}\n`,
      )
    } finally {
      client.release()
    }
  }

  const appends = (eventsPerAppend: number) => {
    const next = population()
    return async (): Promise<void> => {
      const { ids, version } = next()
      await Promise.all(
        ids.map(async (id, i) => {
          const { outcome } = await journal.append(
            requestOf(id, i, version * eventsPerAppend, eventsPerAppend),
          )
          if (outcome !== 'committed') throw new Error(`append was ${outcome}`)
        }),
      )
    }
  }

  return {
    [baseline]: { operationsPerRun: actorsPerRun, run: raw(1, true) },
    'journal, 1 event and its order row': {
      operationsPerRun: actorsPerRun,
      run: appends(1),
      goal: { ratio: 0.9, ...decision('what-a-step-writes') },
    },
    [baselineOfTwo]: { operationsPerRun: 2 * actorsPerRun, run: raw(2, true), baseline: null },
    'journal, 2 events and one order row': {
      operationsPerRun: 2 * actorsPerRun,
      run: appends(2),
      baseline: baselineOfTwo,
      goal: { ratio: 0.9, ...decision('what-a-step-writes') },
    },
    'raw COPY, events only': { operationsPerRun: actorsPerRun, run: copy },
    'raw unnest, events only': { operationsPerRun: actorsPerRun, run: raw(1, false) },
  }
}

const baseline = 'raw unnest, 1 event and its order row'
const baselineOfTwo = 'raw unnest, 2 events and one order row'

/** An operation is an event. */
export const suite: MicroSuite = {
  name: 'journal-append',
  title: 'durable appends to the journal',
  baseline,
  needs: ['postgres'],
  cases,
}
