/**
 * The kinds of subjects that can be rated: one row for each. A row says after which kinds of records
 * the subject is rated, with which reasons, and whose ratings a caller reads as the rated one. A new
 * kind is a row here; a new kind of record is a row of `occasions`.
 */
import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import type { Identity } from '../kernel/identity.ts'

/** The part of a record that ratings need. */
interface Occasion {
  /** The person who may rate. */
  raterId: string
  /** Null while the record has not ended. */
  endedAtMs: number | null
  /** Id of each subject that may be rated after it. */
  subjects: Readonly<Partial<Record<SubjectKind, string>>>
}

/** An order is rated by its customer: the pharmacy that accepted it and the driver who delivered it. */
async function findOrder(db: Kysely<Tables>, id: string): Promise<Occasion | null> {
  const row = await db
    .selectFrom('orders')
    .select(['user_id', 'vendor_id', 'driver_id', 'ended_as', 'updated_at', 'progress'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return null
  const { vendor_id, driver_id, ended_as, updated_at, progress } = row
  const accepted = progress.accepted_at != null
  return {
    raterId: row.user_id,
    endedAtMs:
      ended_as === null
        ? null
        : progress.ended_at == null
          ? updated_at.getTime()
          : Date.parse(progress.ended_at),
    subjects: {
      ...(accepted && vendor_id !== null && { vendor: vendor_id }),
      ...(ended_as === 'delivered' && driver_id !== null && { driver: driver_id }),
    },
  }
}

/**
 * A fulfilled appointment is rated by its customer: the service, and the pharmacy. Only after the
 * pharmacy received the customer, because a calendar closes a forgotten appointment as fulfilled.
 */
async function findVisit(db: Kysely<Tables>, id: string): Promise<Occasion | null> {
  const row = await db
    .selectFrom('appointments')
    .select(['user_id', 'vendor_id', 'service_id', 'status', 'ended_at', 'record'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return null
  return {
    raterId: row.user_id,
    endedAtMs: row.ended_at?.getTime() ?? null,
    subjects:
      row.status === 'fulfilled' && row.record.checked_in_at !== null
        ? { vendor: row.vendor_id, service: row.service_id }
        : {},
  }
}

/**
 * The kinds of records after whose end somebody is rated. `field` names the id in the API;
 * `missing` is the code for a record of others.
 */
export const occasions = {
  order: { find: findOrder, field: 'order_id', missing: 'order_not_found' },
  appointment: { find: findVisit, field: 'appointment_id', missing: 'appointment_not_found' },
} as const satisfies Record<
  string,
  {
    find(db: Kysely<Tables>, id: string): Promise<Occasion | null>
    field: string
    missing: ErrorCode
  }
>

const isSubject = (id: string | null) =>
  id === null ? null : sql<SqlBool>`ratings.subject_id = ${id}`

/** The reasons name only causes that the subject can answer for: a late pharmacy is no late driver. */
export const subjects = {
  vendor: {
    occasions: ['order', 'appointment'],
    reasons: [
      'quick',
      'friendly',
      'good_advice',
      'well_packed',
      'slow',
      'unfriendly',
      'poor_advice',
      'badly_packed',
      'items_wrong',
      'items_missing',
      'price',
    ],
    rated: ({ role, pharmacyId }: Identity) => (role === 'vendor' ? isSubject(pharmacyId) : null),
  },
  driver: {
    occasions: ['order'],
    reasons: [
      'on_time',
      'friendly',
      'careful',
      'discreet',
      'late',
      'unfriendly',
      'careless',
      'indiscreet',
      'hard_to_reach',
      'wrong_place',
    ],
    rated: ({ role, driverId }: Identity) => (role === 'driver' ? isSubject(driverId) : null),
  },
  service: {
    occasions: ['appointment'],
    reasons: [
      'on_time',
      'friendly',
      'well_explained',
      'careful',
      'clean',
      'late',
      'unfriendly',
      'poorly_explained',
      'careless',
      'unclean',
      'price',
    ],
    rated: ({ role, pharmacyId }: Identity) =>
      role === 'vendor' && pharmacyId !== null
        ? sql<SqlBool>`ratings.subject_id in (select id from services where vendor_id = ${pharmacyId})`
        : null,
  },
} as const satisfies Record<
  string,
  {
    /** The kinds of records after which it is rated. */
    occasions: readonly (keyof typeof occasions)[]
    reasons: readonly string[]
    /** The condition for ratings of the caller; null when the caller is no such subject. */
    rated(identity: Identity): RawBuilder<SqlBool> | null
  }
>

export type SubjectKind = keyof typeof subjects
export const subjectKinds = Object.keys(subjects) as SubjectKind[]
/** Every reason of every kind, once. */
export const allReasons: readonly string[] = [
  ...new Set(subjectKinds.flatMap(kind => subjects[kind].reasons as readonly string[])),
]

export interface Subject {
  kind: SubjectKind
  id: string
}
