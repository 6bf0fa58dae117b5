/** Counts the answers of the services that wake devices, and what became of news. */
import { Counter, type Registry } from 'prom-client'

export const pushMetrics = (registry: Registry) => ({
  pushAnswers: new Counter({
    name: 'caduceus_push_answers_total',
    help: 'Answers of the services that wake devices, by service and answer',
    labelNames: ['service', 'outcome', 'answer'],
    registers: [registry],
  }),
  deliveries: new Counter({
    name: 'caduceus_notification_deliveries_total',
    help: 'News on their way to devices, mailboxes and phones, by what became of them',
    labelNames: ['channel', 'state'],
    registers: [registry],
  }),
})
export type PushMetrics = ReturnType<typeof pushMetrics>
