/**
 * What follows from papers: pharmacies and drivers who may not work are held, and a pharmacy that
 * waits becomes active when all that is required is approved.
 *
 * The truth is derived at each request (edge/approval/standing.ts). A hold only tells those who
 * cannot derive: engines, and sockets that are open. So a hold that comes a minute late lets nobody
 * in.
 */
import { sql } from 'kysely'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { PaperStanding } from '../../protocol/papers/derive.ts'
import type { RequirementRole } from '../../protocol/papers/kinds.ts'
import { decidePharmacy, type DecisionContext } from '../approval/decisions.ts'
import { tellDriver } from '../approval/memberships.ts'
import { cancelSuspendedOrders } from '../approval/suspension.ts'
import { announcePharmacy } from '../kernel/announce-pharmacy.ts'
import { paperStandings, readRequired } from '../kernel/paper-facts.ts'
import { settleAppointmentsOf } from './appointments.ts'
import { paperLimits } from './limits.ts'

export type EffectContext = DecisionContext

/** The number of pharmacies and drivers that were held or let go. */
export interface Effects {
  held: number
  released: number
}

/** Derives everybody's standing and holds or releases whom it changed. Rejects without a database. */
export async function applyToAll(ctx: EffectContext): Promise<Effects> {
  const { kysely: db } = ctx.database
  const { roles } = await readRequired(db)
  const effects = { held: 0, released: 0 }
  for (const role of ['pharmacy', 'driver'] as const) {
    const table = tableOf[role]
    for (let after: string | null = null; ;) {
      let query = db.selectFrom(table).select('id').orderBy('id').limit(paperLimits.perLook)
      // Without a requirement only those who are held need a look.
      if (!roles.has(role)) query = query.where('papers_held', '=', true)
      if (after !== null) query = query.where('id', '>', after)
      const ids = (await query.execute()).map(row => row.id)
      const some = await apply(ctx, role, ids)
      effects.held += some.held
      effects.released += some.released
      if (ids.length < paperLimits.perLook) break
      after = ids.at(-1)!
    }
  }
  return effects
}

const tableOf = { pharmacy: 'vendors', driver: 'drivers' } as const

/** Holds or releases these pharmacies or drivers. */
async function apply(
  ctx: EffectContext,
  role: RequirementRole,
  ids: readonly string[],
): Promise<Effects> {
  if (ids.length === 0) return { held: 0, released: 0 }
  const { kysely: db } = ctx.database
  const standings = await paperStandings(db, role, ids, ctx.nowMs())
  const change = async (held: boolean): Promise<string[]> => {
    const wanted = [...standings].filter(([, one]) => one.mayWork !== held).map(([id]) => id)
    return wanted.length === 0 ? [] : setHeld(ctx, role, wanted, held)
  }
  const held = await change(true)
  const released = await change(false)
  if (held.length > 0 || released.length > 0) await ctx.standings.announce()
  if (role === 'driver') await goOffDuty(ctx, [...standings.keys()])
  else {
    for (const id of held) await cancelSuspendedOrders(ctx, id)
    await activate(
      ctx,
      [...standings].filter(([, one]) => one.complete && needsAny(one)).map(([id]) => id),
    )
  }
  return { held: held.length, released: released.length }
}

/** Anything is required to work at all. */
const needsAny = ({ requirements }: PaperStanding): boolean =>
  requirements.some(one => one.requirement.blocking && one.requirement.goodsClass === null)

/**
 * Only who works is held. Who waits for a decision stays as it is, also the address that bounds how
 * many wait.
 */
async function setHeld(
  ctx: EffectContext,
  role: RequirementRole,
  ids: readonly string[],
  held: boolean,
): Promise<string[]> {
  const { kysely: db } = ctx.database
  if (role === 'driver') {
    const rows = await db
      .updateTable('drivers')
      .set({ papers_held: held })
      .where('id', 'in', ids)
      .where('papers_held', '!=', held)
      .$if(held, query => query.where('membership', '=', 'active'))
      .returning('id')
      .execute()
    return rows.map(row => row.id)
  }
  const rows = await db
    .updateTable('vendors')
    .set({ papers_held: held })
    .where('id', 'in', ids)
    .where('papers_held', '!=', held)
    .$if(held, query => query.where('status', '=', 'active'))
    .returningAll()
    .execute()
  for (const row of rows) announcePharmacy(ctx, row, ctx)
  return rows.map(row => row.id)
}

/** Takes held drivers off duty. One with a delivery under way finishes it and goes off after it. */
async function goOffDuty(ctx: EffectContext, ids: readonly string[]): Promise<void> {
  const rows = await ctx.database.kysely
    .selectFrom('drivers')
    .selectAll()
    .where('id', 'in', ids)
    .where('papers_held', '=', true)
    .where('membership', '=', 'active')
    .where('status', '!=', 'offline')
    .where(sql<boolean>`active_order_ids = '{}'`)
    .execute()
  for (const row of rows)
    try {
      const by = { role: 'system' as const, id: 'papers' }
      const id = `papers:${row.id}:${row.standing_at.getTime()}:${row.version}`
      await tellDriver(ctx, row, id, 'set_status', by, { status: 'offline' })
    } catch (error) {
      // The driver got a delivery meanwhile; the next run tries again.
      if (!(error instanceof CaduceusError) || error.code !== 'driver_has_active_orders')
        ctx.log.warn({ err: error, driver_id: row.id }, 'a held driver is still on duty')
    }
}

/** The pharmacies, drivers and appointments upon which a record's papers decide. */
export async function applyTo(
  ctx: EffectContext,
  subject: { kind: string; id: string },
): Promise<void> {
  const { kysely: db } = ctx.database
  if (subject.kind === 'pharmacy') await apply(ctx, 'pharmacy', [subject.id])
  else if (subject.kind === 'vehicle') await apply(ctx, 'driver', [subject.id])
  else if (subject.kind === 'appointment') await settleAppointmentsOf(ctx, { id: subject.id })
  else if (subject.kind === 'person') {
    const rows = await db
      .selectFrom('drivers')
      .select('id')
      .where('user_id', '=', subject.id)
      .execute()
    await apply(
      ctx,
      'driver',
      rows.map(row => row.id),
    )
    await settleAppointmentsOf(ctx, { customerId: subject.id })
  }
}

/**
 * Makes pharmacies active that wait and have everything approved that is required of them. The last
 * approval of a paper is the decision of its reviewer. Where nothing blocking is required, an
 * administrator decides.
 */
async function activate(ctx: EffectContext, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const { rows } = await sql<{ id: string; decided_by: string }>`
    select v.id, last.decided_by from vendors v
    cross join lateral (
      select decided_by from documents d where d.subject_kind = 'pharmacy' and d.subject_id = v.id
        and d.decision = 'approved' order by d.decided_at desc limit 1) as last
    where v.id = any(${ids}::uuid[]) and v.status = 'pending'`.execute(ctx.database.kysely)
  for (const { id, decided_by } of rows)
    await decidePharmacy(ctx, decided_by, id, 'approve', null, { headers: {}, log: ctx.log })
}
