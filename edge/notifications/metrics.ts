/** Counts notifications. */
import { Counter, type Registry } from 'prom-client'

export const notificationsMetrics = (registry: Registry) => ({
  notificationsStored: new Counter({
    name: 'caduceus_notifications_total',
    help: 'Notifications that were put into inboxes, by kind',
    labelNames: ['kind'],
    registers: [registry],
  }),
})
export type NotificationsMetrics = ReturnType<typeof notificationsMetrics>
