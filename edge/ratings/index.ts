/** Ratings of pharmacies and drivers by the customers of their orders, with appeals. */
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { deleteOldRatings } from './housekeeping.ts'
import { ratingRoutes, type RatingContext } from './routes.ts'
import { RatingView } from './views.ts'

export const ratings = feature<Kernel & RatingContext>()({
  name: 'ratings',
  routes: ratingRoutes,
  jobs: { delete_old: every(10, 'Deletes ratings that are too old to count', deleteOldRatings) },
  named: { Rating: RatingView },
  tags: { ratings: 'Ratings of pharmacies and drivers, and appeals' },
  access,
  examples,
  answers: 'edge/ratings/answers.json',
})
