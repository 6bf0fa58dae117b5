/**
 * What the journal's promises cost: appends with fence, continuity check and order row, beside a bare
 * `unnest` insert of the same event rows in statements of the same size. On PostgreSQL with fsync.
 *
 * The order row is a view of 1.3 KB for an event of 0.4 KB, so a ratio near 0.5 means that the row
 * costs about as much as the event.
 */
import { testOrderView } from '../../engine/journal/contract.ts'
import type { AppendRequest } from '../../engine/journal/journal.ts'
import { postgresJournal } from '../../engine/journal/postgres.ts'
import { jsonLines, plainArray } from '../../engine/journal/rows.ts'
import { realEnv } from '../../protocol/env.ts'
import { openDatabase } from '../../migrations/open.ts'
import type { OrderEvent } from '../../protocol/events.ts'
import { uuidV7 } from '../../protocol/ids.ts'
import { seededRandom } from '../common/random.ts'
import { freshDatabase } from '../common/database.ts'
import type { MicroServices, MicroSuite } from './suite.ts'

const actorsPerRun = 512
const rowsPerStatement = 256
/** Versions that an actor reaches before a new one takes its place. */
const lifeVersions = 8
const slotCount = 64

const rawInsert = {
  name: 'raw_events',
  text: `insert into raw_events (actor_id, version, slot, seq, kind, at, type, command_id, data, v)
    select actor_id, version, slot, seq, kind, to_timestamp(at_ms / 1000), type, command_id, data::json, 1
    from unnest($1::uuid[], $2::integer[], $3::smallint[], $4::bigint[], $5::text[], $6::double precision[], $7::text[], $8::text[], string_to_array($9, E'\\n'))
      as e(actor_id, version, slot, seq, kind, at_ms, type, command_id, data)`,
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
  await database.pool.query('create table raw_events (like events including all)')

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

  let rawSeq = 0
  const nextRaw = population()
  async function raw(): Promise<void> {
    const { ids, version } = nextRaw()
    for (let at = 0; at < ids.length; at += rowsPerStatement) {
      const part = ids.slice(at, at + rowsPerStatement)
      const values = [
        plainArray(part), plainArray(part.map(() => version + 1)), plainArray(part.map((_, i) => i % slotCount)), plainArray(part.map(() => ++rawSeq)),
        plainArray(part.map(() => 'order')), plainArray(part.map(() => env.nowMs())), plainArray(part.map(() => 'order_accepted')), plainArray(part),
        jsonLines(part.map(id => accepted(id).data)),
      ]
      await database.pool.query({ ...rawInsert, values })
    }
  }

  const appends = (eventsPerAppend: number) => {
    const next = population()
    return async (): Promise<void> => {
      const { ids, version } = next()
      await Promise.all(ids.map(async (id, i) => {
        const slot = i % slotCount
        const fromVersion = version * eventsPerAppend
        const request: AppendRequest = {
          slot, epoch: epochs.get(slot)!, kind: 'order', actorId: id, fromVersion, atMs: env.nowMs(), commandId: id,
          events: Array.from({ length: eventsPerAppend }, () => accepted(id)),
          row: { kind: 'order', view: testOrderView(id, fromVersion + eventsPerAppend, { notes: null }) },
        }
        const { outcome } = await journal.append(request)
        if (outcome !== 'committed') throw new Error(`append was ${outcome}`)
      }))
    }
  }

  return {
    'raw unnest, events only': { operationsPerRun: actorsPerRun, run: raw },
    'journal, 1 event and its order row': { operationsPerRun: actorsPerRun, run: appends(1) },
    'journal, 2 events and one order row': { operationsPerRun: 2 * actorsPerRun, run: appends(2) },
  }
}

/** Operations are events. */
export const suite: MicroSuite = { name: 'journal-append', title: 'durable appends to the journal', baseline: 'raw unnest, events only', needs: ['postgres'], cases }
