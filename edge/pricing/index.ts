/** Delivery fees: prices and quotes. */
import { requireSameCurrency } from '../../protocol/dispatch/same-currency.ts'
import type { WithConfiguration } from '../configuration/port.ts'
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithMaps } from '../maps/port.ts'
import { pricingRoutes } from './routes.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { deleteOldQuotes } from './housekeeping.ts'

export const pricing = feature<Kernel & WithMaps & WithConfiguration>()({
  name: 'pricing',
  routes: pricingRoutes,
  prepare: ({ bus, config }) => requireSameCurrency(bus, config.currency),
  jobs: { delete_old_quotes: every(10, 'Deletes quotes that have expired', deleteOldQuotes) },
  tags: { pricing: 'Delivery fees' },
  access,
  examples,
  answers: 'edge/pricing/answers.json',
})
