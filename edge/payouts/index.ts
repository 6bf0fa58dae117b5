/** Payouts of pharmacies and drivers by period, with statements, from the ledger. */
import type { IdempotencyContext } from '../idempotency/idempotency.ts'
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { payoutRoutes } from './routes.ts'
import { LineView, PayoutView } from './statement.ts'

export const payouts = feature<Kernel & IdempotencyContext>()({
  name: 'payouts',
  routes: payoutRoutes,
  named: { Payout: PayoutView, StatementLine: LineView },
  tags: { payouts: 'Payouts of pharmacies and drivers, and their statements' },
  access,
  examples,
  answers: 'edge/payouts/answers.json',
})
