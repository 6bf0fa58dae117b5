/**
 * Reads papers and requirements, and derives who may work. It stands here because the decisions
 * upon pharmacies and drivers need it as well as the room of the papers.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import {
  standingOfPapers,
  type PaperFacts,
  type PaperStanding,
  type RequirementFacts,
} from '../../protocol/papers/derive.ts'
import type { RequirementRole } from '../../protocol/papers/kinds.ts'

interface Row {
  id: string
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
  pharmacy: sql`select v.id, v.id as driver_id, null::uuid as person_id, v.id as pharmacy_id, v.time_zone,
    v.country, v.created_at from vendors v`,
  driver: sql`select d.id, d.id as driver_id, d.user_id as person_id, null::uuid as pharmacy_id,
    coalesce(v.time_zone, 'UTC') as time_zone, v.country, d.created_at
    from drivers d left join vendors v on v.id = d.vendor_id`,
}

/** Papers `p` of one record as `PaperFacts[]`, oldest first; null without papers. */
export const paperFactsOf = sql<
  PaperFacts[] | null
>`json_agg(json_build_object('id', p.id, 'kind', p.kind,
  'expiresOn', p.expires_on, 'decision', p.decision, 'revoked', p.revoked_at is not null,
  'replaced', p.replaced_at is not null,
  'reviewUntilMs', extract(epoch from p.review_until)::double precision * 1000) order by p.id)`

/** What the papers say of these pharmacies or drivers at this moment. Unknown ids are missing. */
export async function paperStandings(
  db: Kysely<Tables>,
  role: RequirementRole,
  ids: readonly string[],
  nowMs: number,
): Promise<Map<string, DerivedStanding>> {
  if (ids.length === 0) return new Map()
  const { rows } = await sql<Row>`
    select w.id, w.time_zone, extract(epoch from w.created_at)::double precision * 1000 as since_ms,
      needed.list as requirements,
      case when needed.list is not null then (
        select ${paperFactsOf} from documents p
        where (p.subject_kind = 'person' and p.subject_id = w.person_id)
          or (p.subject_kind = 'vehicle' and p.subject_id = w.driver_id)
          or (p.subject_kind = 'pharmacy' and p.subject_id = w.pharmacy_id)) end as papers
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
    rows.map(({ id, time_zone: timeZone, since_ms: sinceMs, requirements, papers }) => [
      id,
      {
        timeZone,
        ...standingOfPapers(requirements ?? [], papers ?? [], { timeZone, sinceMs }, nowMs),
      },
    ]),
  )
}

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
  `papers are missing, or not good any more: ${requirements
    .filter(one => one.blocks && one.requirement.goodsClass === null)
    .map(one => `${one.requirement.kind} (${one.state})`)
    .join(', ')}`
