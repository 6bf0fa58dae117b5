/** Notifications: one place decides who hears of which event, and each person has an inbox. */
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { followJournal } from './follow.ts'
import { deleteOldNotifications } from './housekeeping.ts'
import { notificationsMetrics } from './metrics.ts'
import { notificationRoutes, NotificationView } from './routes.ts'
import { hearNotifications } from './tell.ts'

export const notifications = feature<Kernel>()({
  name: 'notifications',
  metrics: notificationsMetrics,
  routes: notificationRoutes,
  start(parts) {
    const stopHearing = hearNotifications(parts)
    const stopFollowing = followJournal(parts)
    return () => {
      stopHearing()
      return stopFollowing()
    }
  },
  jobs: {
    delete_old: every(
      10,
      'Deletes old notifications, and those beyond the bound',
      deleteOldNotifications,
    ),
  },
  named: { Notification: NotificationView },
  tags: { notifications: 'The inbox of each person, and which news they want' },
  access,
  examples,
  answers: 'edge/notifications/answers.json',
})
