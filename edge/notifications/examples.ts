/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

export const examples: Readonly<Record<string, Example>> = {
  listNotifications: { as: 'customer', query: { limit: 1 }, status: 200 },
  markNotificationsRead: { as: 'customer', body: { through: of.notification }, status: 200 },
  getNotificationPreferences: { as: 'driver', status: 200 },
  setNotificationPreferences: {
    as: 'customer',
    body: { preferences: [{ kind: 'order.picked_up', channel: 'inbox', wanted: false }] },
    status: 200,
  },
}
