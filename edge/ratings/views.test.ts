/** A rating as each reader sees it, field by field. */
import t from 'tap'
import type { Identity } from '../kernel/identity.ts'
import { ratingLimits } from './limits.ts'
import { ratingView, type RatingRow } from './views.ts'

const at = new Date('2026-11-30T23:59:59Z')
const row = (given: object = {}): RatingRow =>
  ({
    id: 'id',
    subject_kind: 'vendor',
    subject_id: 'subject',
    score: 2,
    reasons: ['slow'],
    text: 'words',
    occasion_kind: 'order',
    occasion_id: 'order',
    rater_id: 'rater',
    created_at: at,
    counted_at: at,
    raters: ratingLimits.shownFrom,
    appealed_at: null,
    appeal_reason: null,
    decision: null,
    decision_reason: null,
    decided_at: null,
    ...given,
  }) as unknown as RatingRow
const seen = (role: string, given: object = {}) => ratingView({ role } as Identity, row(given))
const plain = {
  id: 'id',
  subject: 'vendor',
  subject_id: 'subject',
  status: 'standing',
  month: '2026-11',
  score: 2,
  reasons: ['slow'],
  text: 'words',
}
const hidden = { ...plain, score: null, reasons: null }

t.test('the rater sees the own rating and no appeal', async t => {
  const own = { ...plain, order_id: 'order', created_at: at }
  t.strictSame(seen('user'), own)
  t.strictSame(seen('user', { raters: null, counted_at: null }), own, 'also when it does not count')
  const visit = { occasion_kind: 'appointment', occasion_id: 'visit' }
  t.strictSame(seen('user', visit), { ...plain, appointment_id: 'visit', created_at: at })
})

t.test('an administrator sees everything', async t => {
  t.strictSame(seen('admin', { raters: null, counted_at: null }), {
    ...plain,
    order_id: 'order',
    created_at: at,
    rater_id: 'rater',
    appeal: null,
  })
})

t.test('the rated one sees no order, no rater and no day, and a score as one of many', async t => {
  for (const role of ['vendor', 'driver']) {
    t.strictSame(seen(role), { ...plain, appeal: null })
    t.strictSame(seen(role, { raters: ratingLimits.shownFrom + 1 }), { ...plain, appeal: null })
    for (const few of [
      { raters: ratingLimits.shownFrom - 1 },
      { raters: null },
      { counted_at: null },
    ])
      t.strictSame(seen(role, few), { ...hidden, appeal: null }, JSON.stringify(few))
  }
})

t.test('an appeal, before and after its decision', async t => {
  const appealed = { appealed_at: at, appeal_reason: 'untrue' }
  const decided = { decided_at: at, decision_reason: 'seen' }
  const appeal = {
    reason: 'untrue',
    appealed_at: at,
    decision: null,
    decision_reason: null,
    decided_at: null,
  }
  t.match(seen('vendor', appealed), { status: 'appealed', appeal })
  t.match(seen('vendor', { ...appealed, ...decided, decision: 'stands' }), {
    status: 'standing',
    appeal: { ...appeal, decision: 'stands', decision_reason: 'seen', decided_at: at },
  })
  t.match(seen('vendor', { ...appealed, ...decided, decision: 'removed' }), { status: 'removed' })
  t.match(seen('admin', { decision: 'removed' }), { status: 'removed', appeal: null })
  t.notOk('appeal' in seen('user', appealed))
})
