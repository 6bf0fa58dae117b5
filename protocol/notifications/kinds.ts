/**
 * The kinds of notifications: one row a kind. A stored notification has the name of its kind and no
 * text, so a kind is never renamed or taken out.
 */

/** The sides that hear of an event; `vendor` is the pharmacy. */
export const hearers = ['customer', 'vendor', 'driver'] as const
export type Hearer = (typeof hearers)[number]
/** The records that a notification can be about, each with the placeholders of its texts. */
export const notificationSubjects = {
  order: ['order'],
  appointment: [],
  conversation: [],
  driver: [],
  document: [],
} as const
export type NotificationSubject = keyof typeof notificationSubjects
/** The ways by which a notification reaches a person. */
export const notificationChannels = ['inbox', 'email', 'sms'] as const
type NotificationChannel = (typeof notificationChannels)[number]

interface KindRow {
  about: NotificationSubject
  to: readonly Hearer[]
  /** A person cannot turn it off, because somebody waits for medicine or for an end of work. */
  essential: boolean
  /** While one about the same record is unread, another one tells nothing new. */
  onceUnread: boolean
  /** It also goes out as a letter: one mail, or one SMS to whoever gets no mail. */
  letter: boolean
}
const kind = (
  about: NotificationSubject,
  to: readonly Hearer[],
  more: { essential?: true; onceUnread?: true; letter?: true } = {},
): KindRow => ({ about, to, essential: false, onceUnread: false, letter: false, ...more })
const essential = { essential: true } as const

export const notificationKinds = {
  'order.placed': kind('order', ['vendor']),
  'order.accepted': kind('order', ['customer']),
  'order.rejected': kind('order', ['customer'], essential),
  'order.expired': kind('order', ['customer'], essential),
  'order.cancelled': kind('order', ['customer', 'vendor', 'driver'], essential),
  'order.no_driver': kind('order', ['vendor']),
  'order.driver_assigned': kind('order', ['customer', 'vendor']),
  'order.assigned_to_you': kind('order', ['driver']),
  'order.driver_left': kind('order', ['vendor']),
  'order.taken_from_you': kind('order', ['driver'], essential),
  'order.driver_at_pickup': kind('order', ['vendor']),
  'order.picked_up': kind('order', ['customer']),
  'order.out_for_delivery': kind('order', ['customer']),
  'order.driver_at_door': kind('order', ['customer']),
  'order.delivered': kind('order', ['customer', 'vendor']),
  'order.failed': kind('order', ['customer', 'vendor'], essential),
  'order.returning': kind('order', ['vendor']),
  'order.returned': kind('order', ['customer', 'vendor']),
  'appointment.requested': kind('appointment', ['vendor']),
  'appointment.offered': kind('appointment', ['customer']),
  'appointment.accepted': kind('appointment', ['vendor']),
  'appointment.confirmed': kind('appointment', ['customer']),
  'appointment.rescheduled': kind('appointment', ['customer', 'vendor'], essential),
  'appointment.arrived': kind('appointment', ['vendor']),
  'appointment.cancelled': kind('appointment', ['customer', 'vendor'], essential),
  'appointment.missed': kind('appointment', ['customer']),
  'appointment.reminder': kind('appointment', ['customer'], { letter: true }),
  'conversation.message': kind('conversation', ['customer', 'vendor', 'driver'], {
    onceUnread: true,
  }),
  'driver.registered': kind('driver', ['vendor']),
  'driver.asks_to_join': kind('driver', ['vendor']),
  'driver.membership_active': kind('driver', ['driver']),
  'driver.membership_ended': kind('driver', ['driver', 'vendor'], essential),
  'driver.off_duty': kind('driver', ['driver'], essential),
  'driver.duty_allowed': kind('driver', ['driver']),
  'paper.approved': kind('document', ['customer', 'vendor', 'driver']),
  'paper.rejected': kind('document', ['customer', 'vendor', 'driver'], essential),
  'paper.revoked': kind('document', ['customer', 'vendor', 'driver'], essential),
  'paper.expiring': kind('document', ['customer', 'vendor', 'driver'], essential),
  'paper.expired': kind('document', ['customer', 'vendor', 'driver'], essential),
} as const satisfies Readonly<Record<string, KindRow>>
export type NotificationKind = keyof typeof notificationKinds
export const notificationKindNames = Object.keys(notificationKinds) as NotificationKind[]

/** The row of a kind, without the literal types of the table. */
export const rowOfKind = (name: NotificationKind): KindRow => notificationKinds[name]
/** The ways of a kind. */
export const channelsOf = (name: NotificationKind): readonly NotificationChannel[] =>
  rowOfKind(name).letter ? notificationChannels : ['inbox']
