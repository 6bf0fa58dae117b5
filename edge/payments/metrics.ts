/** Counts the facts of payments. */
import { Counter, type Registry } from 'prom-client'

export const paymentsMetrics = (registry: Registry) => ({
  paymentFacts: new Counter({
    name: 'caduceus_payment_facts_total',
    help: 'Facts of payments that followed from orders, by type',
    labelNames: ['fact'],
    registers: [registry],
  }),
  processorAnswers: new Counter({
    name: 'caduceus_payment_processor_answers_total',
    help: 'Answers of the processor of cards, by request and by its word',
    labelNames: ['request', 'answer'],
    registers: [registry],
  }),
})
export type PaymentsMetrics = ReturnType<typeof paymentsMetrics>
