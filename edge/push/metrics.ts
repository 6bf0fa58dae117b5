/** Counts the answers of the services that wake devices. */
import { Counter, type Registry } from 'prom-client'

export const pushMetrics = (registry: Registry) => ({
  pushAnswers: new Counter({
    name: 'caduceus_push_answers_total',
    help: 'Answers of the services that wake devices, by service and answer',
    labelNames: ['service', 'outcome', 'answer'],
    registers: [registry],
  }),
})
export type PushMetrics = ReturnType<typeof pushMetrics>
