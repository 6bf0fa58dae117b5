/** Counts notifications. */
import { Counter, type Registry } from 'prom-client'

export const notificationsMetrics = (registry: Registry) => ({
  notificationsStored: new Counter({
    name: 'caduceus_notifications_total',
    help: 'Notifications that were put into inboxes, by kind',
    labelNames: ['kind'],
    registers: [registry],
  }),
  letters: new Counter({
    name: 'caduceus_letters_total',
    help: 'Letters about notifications, by channel and by what became of them',
    labelNames: ['channel', 'outcome'],
    registers: [registry],
  }),
})
export type NotificationsMetrics = ReturnType<typeof notificationsMetrics>
