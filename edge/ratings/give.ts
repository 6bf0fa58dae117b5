/** Stores a rating after the checks that need the record: its end, its parties, an earlier rating. */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { invalid } from '../kernel/validate.ts'
import { lockSubject, recount } from './figures.ts'
import { ratingLimits } from './limits.ts'
import { occasions, subjects, type SubjectKind } from './subjects.ts'

export interface NewRating {
  /** Either this or `appointment_id`. */
  order_id?: string
  appointment_id?: string
  subject: SubjectKind
  subject_id?: string
  score: number
  reasons?: string[]
  text?: string
}

const dayMs = 24 * 3_600_000
/** The part of a UUIDv7 that is random, with its version. */
const randomPart = (id: string): string => id.slice(13)

/**
 * Returns the id of the rating. `targetId` is the id that a repeat of the request has again. Throws
 * `order_not_found`, `appointment_not_found`, `rating_too_early`, `rating_too_late`, `rating_subject_mismatch`,
 * `rating_already_given`, and `invalid_request` for a reason of another kind of subject.
 */
export async function giveRating(
  ctx: Pick<Kernel, 'database' | 'nowMs' | 'random'>,
  raterId: string,
  given: NewRating,
  targetId: string,
): Promise<string> {
  const db = ctx.database.kysely
  if ((given.order_id === undefined) === (given.appointment_id === undefined))
    throw invalid([{ field: 'order_id', rule: 'or appointment_id must be given, and not both' }])
  const occasionKind = given.order_id === undefined ? 'appointment' : 'order'
  const { occasions: after, reasons: known } = subjects[given.subject]
  const reasons = given.reasons ?? []
  if (!reasons.every(reason => (known as readonly string[]).includes(reason)))
    throw invalid([
      { field: 'reasons', rule: `for ${given.subject} must be of ${known.join(', ')}` },
    ])

  const { find, field, missing } = occasions[occasionKind]
  const occasionId = given[field]!
  const occasion = await find(db, occasionId)
  if (occasion === null || occasion.raterId !== raterId)
    throw refused(missing, field, 'must be one of yours')
  const now = ctx.nowMs()
  if (occasion.endedAtMs === null) throw refused('rating_too_early', field, 'must have ended')
  if (now > occasion.endedAtMs + ratingLimits.windowDays * dayMs)
    throw refused(
      'rating_too_late',
      field,
      `must have ended within the last ${ratingLimits.windowDays} days`,
    )
  const subjectId = occasion.subjects[given.subject]
  if (subjectId === undefined || !(after as readonly string[]).includes(occasionKind))
    throw refused('rating_subject_mismatch', 'subject', 'must have had a part in it')
  if (given.subject_id !== undefined && given.subject_id !== subjectId)
    throw refused('rating_subject_mismatch', 'subject_id', 'must have had a part in it')

  // The rated one sees this id. Its time is that of the month, so that it does not tell the order.
  const month = new Date(now)
  month.setUTCDate(1)
  month.setUTCHours(0, 0, 0, 0)
  const id = uuidV7(month.getTime(), ctx.random).slice(0, 13) + randomPart(targetId)
  const subject = { kind: given.subject, id: subjectId }
  return db.transaction().execute(async tx => {
    await lockSubject(tx, subject)
    const made = await tx
      .insertInto('ratings')
      .values({
        id,
        occasion_kind: occasionKind,
        occasion_id: occasionId,
        rater_id: raterId,
        subject_kind: subject.kind,
        subject_id: subject.id,
        score: given.score,
        reasons,
        text: given.text ?? null,
        created_at: new Date(now),
      })
      .onConflict(conflict =>
        conflict.columns(['rater_id', 'occasion_id', 'subject_kind', 'subject_id']).doNothing(),
      )
      .returning('id')
      .executeTakeFirst()
    if (made === undefined) {
      const known = await tx
        .selectFrom('ratings')
        .select('id')
        .where('rater_id', '=', raterId)
        .where('occasion_id', '=', occasionId)
        .where('subject_kind', '=', subject.kind)
        .where('subject_id', '=', subject.id)
        .executeTakeFirstOrThrow()
      // A repeat whose first attempt died after the commit has the same random part.
      if (randomPart(known.id) === randomPart(targetId)) return known.id
      throw refused('rating_already_given', 'subject', 'was rated by you before')
    }
    await recount(tx, subject, now)
    return id
  })
}

/** A refusal that names its field and rule, as the refusals of the validation do. */
const refused = (
  code: ConstructorParameters<typeof CaduceusError>[0],
  field: string,
  rule: string,
): CaduceusError => new CaduceusError(code, `${field} ${rule}`, [{ field, rule }])
