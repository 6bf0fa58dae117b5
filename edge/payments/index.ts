/** Payments of orders in cash: what is due, what was taken, refunds, and cash handed over. */
import type { IdempotencyContext } from '../idempotency/idempotency.ts'
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithOrderMoney } from '../kernel/order-money.ts'
import { access } from './callers.ts'
import { readPaymentsConfig } from './config.ts'
import { examples } from './examples.ts'
import { paymentsMetrics } from './metrics.ts'
import { RemittanceView } from './remittances.ts'
import { paymentRoutes } from './routes.ts'
import { orderMoney } from './said.ts'
import { followOrders } from './take.ts'
import { PaymentView } from './views.ts'
import { deleteOldWords } from './words.ts'

export const payments = feature<Kernel & IdempotencyContext>()({
  name: 'payments',
  config: readPaymentsConfig,
  metrics: paymentsMetrics,
  services: (parts): WithOrderMoney => ({ orderMoney: orderMoney(parts) }),
  routes: paymentRoutes,
  start: followOrders,
  jobs: {
    delete_old_words: every(60, 'Deletes words about money that never counted', deleteOldWords),
  },
  named: { Payment: PaymentView, Remittance: RemittanceView },
  tags: { payments: 'Payments of orders, refunds, and cash that drivers hand over' },
  access,
  examples,
  answers: 'edge/payments/answers.json',
})
