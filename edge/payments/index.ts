/** Payments of orders, in cash and by card: what is due, what was taken, refunds, cash handed over. */
import type { IdempotencyContext } from '../idempotency/idempotency.ts'
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { WithOrderMoney } from '../kernel/order-money.ts'
import { access } from './callers.ts'
import { readPaymentsConfig, type PaymentsConfig } from './config.ts'
import { examples } from './examples.ts'
import { methodRoutes } from './methods.ts'
import { paymentsMetrics } from './metrics.ts'
import { receiptRoutes } from './receipts.ts'
import { RemittanceView } from './remittances.ts'
import { stripeProcessor } from './card/stripe.ts'
import { deleteOldRequests, findStranded } from './requests.ts'
import { paymentRoutes, type WithProcessor } from './routes.ts'
import { orderMoney } from './said.ts'
import { followOrders } from './take.ts'
import { PaymentView } from './views.ts'
import { deleteOldWords } from './words.ts'
import { startRequests } from './worker.ts'

export const payments = feature<Kernel & IdempotencyContext>()({
  name: 'payments',
  config: readPaymentsConfig,
  metrics: paymentsMetrics,
  services: (parts: Kernel & WithConfig<PaymentsConfig>): WithOrderMoney & WithProcessor => ({
    orderMoney: orderMoney(parts),
    processor: parts.config.stripe === null ? null : stripeProcessor(parts.config.stripe),
  }),
  routes: parts => [...methodRoutes(parts), ...paymentRoutes(parts), ...receiptRoutes(parts)],
  start(parts) {
    const stops = [
      followOrders(parts),
      ...(parts.config.paymentMethods.length === 0 && parts.processor === null
        ? []
        : [startRequests(parts, parts.processor)]),
    ]
    return async () => {
      await Promise.all(stops.map(stop => stop()))
    }
  },
  jobs: {
    delete_old_words: every(60, 'Deletes words about money that never counted', deleteOldWords),
    find_stranded: every(10, 'Finds cards that wait for Stripe without its keys', findStranded),
    delete_old_requests: every(
      60,
      'Deletes requests to the processor of cards that ended long ago',
      deleteOldRequests,
    ),
  },
  named: { Payment: PaymentView, Remittance: RemittanceView },
  tags: { payments: 'Payments of orders, refunds, and cash that drivers hand over' },
  access,
  examples,
  answers: 'edge/payments/answers.json',
})
