/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const rating = { id: of.rating }

export const examples: Readonly<Record<string, Example>> = {
  rate: {
    as: 'customer',
    body: {
      order_id: of.order,
      subject: 'vendor',
      subject_id: of.vendor,
      score: 4,
      reasons: ['quick', 'good_advice'],
      text: 'Thank you for the call.',
    },
    status: 201,
  },
  listRatings: { as: 'vendor', query: { limit: 1 }, status: 200 },
  getRating: { as: 'customer', params: rating, status: 200 },
  appealRating: {
    as: 'vendor',
    params: rating,
    body: { reason: 'The text is about another pharmacy.' },
    status: 200,
  },
  decideRating: {
    as: 'admin',
    params: rating,
    body: { decision: 'removed', reason: 'It is about another pharmacy.' },
    status: 200,
  },
}
