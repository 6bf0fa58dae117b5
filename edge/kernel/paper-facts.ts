/**
 * Reads papers and requirements, and derives who may work. It stands here because the decisions
 * upon pharmacies and drivers and the orders need it as well as the room of the papers.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import {
  standingOfPapers,
  type PaperFacts,
  type PaperStanding,
  type RequirementFacts,
  type RequirementStanding,
} from '../../protocol/papers/derive.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { RequirementRole } from '../../protocol/papers/kinds.ts'

interface Row {
  id: string
  wisher: string | null
  time_zone: string
  since_ms: number
  requirements: RequirementFacts[] | null
  papers: PaperFacts[] | null
}
/** A standing with the zone whose calendar counts. */
export interface DerivedStanding extends PaperStanding {
  timeZone: string
}

/** The records of a role, with their place. A country that is not known needs what any needs. */
const workers = {
  pharmacy: sql`select v.id, v.id as driver_id, null::uuid as person_id, v.id as pharmacy_id,
    null::uuid as order_id, null::uuid as wisher, v.time_zone, v.country, v.created_at from vendors v`,
  driver: sql`select d.id, d.id as driver_id, d.user_id as person_id, null::uuid as pharmacy_id,
    null::uuid as order_id, null::uuid as wisher, coalesce(v.time_zone, 'UTC') as time_zone, v.country,
    d.created_at from drivers d left join vendors v on v.id = d.vendor_id`,
  // The pharmacy may wish a verification of each order that has a prescription.
  order: sql`select o.id, null::uuid as driver_id, null::uuid as person_id, null::uuid as pharmacy_id,
    o.id as order_id, case when v.verify_prescriptions and (o.placed::text like '%"prescription_url":"%'
      or exists (select from documents d where d.subject_kind = 'order' and d.subject_id = o.id
        and d.kind = 'prescription')) then v.id end as wisher, v.time_zone, v.country, o.created_at
    from orders o join vendors v on v.id = o.vendor_id`,
}
/** The wish of a pharmacy; it has the id of the pharmacy. */
const wishOf = (pharmacyId: string): RequirementFacts => ({
  id: pharmacyId,
  kind: 'prescription',
  goodsClass: null,
  blocking: true,
  graceDays: 0,
  sinceMs: 0,
})

/** Papers `p` of one record as `PaperFacts[]`, oldest first; null without papers. */
export const paperFactsOf = sql<
  PaperFacts[] | null
>`json_agg(json_build_object('id', p.id, 'kind', p.kind,
  'expiresOn', p.expires_on, 'decision', p.decision, 'revoked', p.revoked_at is not null,
  'replaced', p.replaced_at is not null,
  'reviewUntilMs', extract(epoch from p.review_until)::double precision * 1000) order by p.id)`

/** What the papers say of these pharmacies, drivers or orders at this moment. Unknown ids are missing. */
export async function paperStandings(
  db: Kysely<Tables>,
  role: RequirementRole,
  ids: readonly string[],
  nowMs: number,
): Promise<Map<string, DerivedStanding>> {
  if (ids.length === 0) return new Map()
  const { rows } = await sql<Row>`
    select w.id, w.wisher, w.time_zone, extract(epoch from w.created_at)::double precision * 1000 as since_ms,
      needed.list as requirements,
      case when needed.list is not null or w.wisher is not null then (
        select ${paperFactsOf} from documents p
        where (p.subject_kind = 'person' and p.subject_id = w.person_id)
          or (p.subject_kind = 'vehicle' and p.subject_id = w.driver_id)
          or (p.subject_kind = 'pharmacy' and p.subject_id = w.pharmacy_id)
          or (p.subject_kind = 'order' and p.subject_id = w.order_id)) end as papers
    from (${workers[role]}) as w
    cross join lateral (
      select json_agg(json_build_object('id', r.id, 'kind', r.kind, 'goodsClass', r.goods_class,
        'blocking', r.effect = 'blocking', 'graceDays', r.grace_days,
        'sinceMs', extract(epoch from coalesce(r.blocking_since, r.created_at))::double precision * 1000)
        order by r.id) as list
      from requirements r
      where r.role = ${role} and r.ended_at is null
        and (r.country is null or w.country is null or r.country = w.country)) as needed
    where w.id = any(${ids}::uuid[])`.execute(db)
  return new Map(
    rows.map(({ id, wisher, time_zone: timeZone, since_ms: sinceMs, requirements, papers }) => {
      const needed = [...(requirements ?? []), ...(wisher === null ? [] : [wishOf(wisher)])]
      const standing = standingOfPapers(needed, papers ?? [], { timeZone, sinceMs }, nowMs)
      return [id, { timeZone, ...standing }]
    }),
  )
}

/**
 * Throws `papers_missing` while papers keep an order in the pharmacy: a verified prescription, where
 * a requirement for its goods or the pharmacy wants one.
 */
export async function requireOrderPapers(
  db: Kysely<Tables>,
  order: OrderView,
  nowMs: number,
): Promise<void> {
  const standing = (await paperStandings(db, 'order', [order.id], nowMs)).get(order.id)
  const missing = standing?.requirements.filter(
    ({ blocks, requirement: { goodsClass } }) =>
      blocks && (goodsClass === null || goodsOf(order).includes(goodsClass)),
  )
  if (missing !== undefined && missing.length > 0)
    throw new CaduceusError(
      'papers_missing',
      `this order stays in the pharmacy until its papers are verified: ${listed(missing)}`,
    )
}

/** The classes of goods of an order; an order without any is plain. */
export const goodsOf = (order: OrderView): readonly string[] =>
  (order as { goods_classes?: readonly string[] | null }).goods_classes ?? []

const listed = (missing: readonly RequirementStanding[]): string =>
  missing.map(({ requirement: { kind }, state }) => `${kind} (${state})`).join(', ')

/** The roles of which any paper is required; `version` differs after each change of the table. */
export interface Required {
  roles: ReadonlySet<RequirementRole>
  version: string
}

export async function readRequired(db: Kysely<Tables>): Promise<Required> {
  const { rows } = await sql<{ role: RequirementRole; version: string }>`
    select role, string_agg(id::text || revision, ' ' order by id) as version from requirements
    where ended_at is null group by role order by role`.execute(db)
  return {
    roles: new Set(rows.map(row => row.role)),
    version: rows.map(row => row.version).join(' '),
  }
}

/** A text for the person who may not work. */
export const whyPapers = ({ requirements }: PaperStanding): string =>
  `papers are missing, or not good any more: ${listed(
    requirements.filter(one => one.blocks && one.requirement.goodsClass === null),
  )}`
