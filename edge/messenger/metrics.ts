/** Counts mails and SMS. */
import { Counter, type Registry } from 'prom-client'

export const messengerMetrics = (registry: Registry) => ({
  messages: new Counter({
    name: 'caduceus_messages_total',
    help: 'Mails and SMS, by what became of them',
    labelNames: ['channel', 'outcome'],
    registers: [registry],
  }),
})
export type MessengerMetrics = ReturnType<typeof messengerMetrics>
