/**
 * The kinds of notifications: one row a kind. A stored notification has the name of its kind and no
 * text, so a kind is never renamed or taken out.
 */

/** The sides that hear of an event; `vendor` is the pharmacy. */
export const hearers = ['customer', 'vendor', 'driver'] as const
export type Hearer = (typeof hearers)[number]
/** Everybody who hears: the sides of events, and administrators. */
export const audiences = [...hearers, 'admin'] as const
export type Audience = (typeof audiences)[number]
/** The records that a notification can be about, each with the placeholders of its texts. */
export const notificationSubjects = {
  order: ['order'],
  appointment: [],
  conversation: [],
  driver: [],
  document: [],
  vendor: [],
  payment: [],
  account: [],
} as const
export type NotificationSubject = keyof typeof notificationSubjects
/**
 * The ways by which a notification reaches a person. `inbox` and `push` are on until they are turned
 * off, `email` and `sms` are off until they are turned on, but for kinds that have letters.
 */
export const notificationChannels = ['inbox', 'push', 'email', 'sms'] as const
export type NotificationChannel = (typeof notificationChannels)[number]

interface KindRow {
  about: NotificationSubject
  to: readonly Audience[]
  /**
   * A person cannot turn it off in the inbox and on devices, because somebody waits for medicine or
   * for an end of work.
   */
  essential: boolean
  /** While one about the same record is unread, another one tells nothing new. */
  onceUnread: boolean
  /** It also goes out as a letter: one mail, or one SMS to whoever gets no mail. */
  letter: boolean
  /** It does not wait until the device wakes by itself, and it is told in quiet hours. */
  urgent: boolean
  /** It is worth nothing when it comes later than this; an offer has its own end. */
  livesMinutes: number
  /** Only devices are woken: it ends within minutes, so no inbox and no mail has it. */
  pushOnly: boolean
  /** It concerns the work of the person, who hears of it also when not allowed to work. */
  standing: boolean
}
const hour = 60
const day = 24 * hour
const kind = (
  about: NotificationSubject,
  to: readonly Audience[],
  more: Partial<Omit<KindRow, 'about' | 'to'>> = {},
): KindRow => ({
  about,
  to,
  essential: false,
  onceUnread: false,
  letter: false,
  urgent: false,
  livesMinutes: day,
  pushOnly: false,
  standing: false,
  ...more,
})
const essential = { essential: true } as const
/** A step on the way; the next step tells more. */
const passing = { livesMinutes: 2 * hour } as const
const arrival = { urgent: true, livesMinutes: 30 } as const
const offer = { urgent: true, pushOnly: true, livesMinutes: 10 } as const
/** A driver stands still until the pharmacy has decided. */
const stopped = { essential: true, urgent: true, livesMinutes: 4 * hour } as const
const standing = { standing: true } as const
/** The safety of an account, or a decision that the law lets nobody miss. */
const vital = { essential: true, standing: true } as const

export const notificationKinds = {
  'order.requested': kind('order', ['vendor'], offer),
  'order.offered': kind('order', ['driver'], offer),
  'order.placed': kind('order', ['vendor']),
  'order.accepted': kind('order', ['customer']),
  'order.rejected': kind('order', ['customer'], essential),
  'order.expired': kind('order', ['customer'], essential),
  'order.cancelled': kind('order', ['customer', 'vendor', 'driver'], essential),
  'order.no_driver': kind('order', ['vendor'], passing),
  'order.driver_assigned': kind('order', ['customer', 'vendor'], passing),
  'order.assigned_to_you': kind('order', ['driver'], passing),
  'order.driver_left': kind('order', ['vendor'], passing),
  'order.taken_from_you': kind('order', ['driver'], essential),
  'order.driver_at_pickup': kind('order', ['vendor'], arrival),
  'order.picked_up': kind('order', ['customer'], passing),
  'order.out_for_delivery': kind('order', ['customer'], passing),
  'order.driver_at_door': kind('order', ['customer'], arrival),
  'order.chain_broken': kind('order', ['vendor'], stopped),
  'order.excursion': kind('order', ['vendor'], stopped),
  'order.delivered': kind('order', ['customer', 'vendor']),
  'order.failed': kind('order', ['customer', 'vendor'], essential),
  'order.returning': kind('order', ['vendor'], passing),
  'order.returned': kind('order', ['customer', 'vendor']),
  'appointment.requested': kind('appointment', ['vendor']),
  'appointment.offered': kind('appointment', ['customer'], { urgent: true }),
  'appointment.accepted': kind('appointment', ['vendor']),
  'appointment.confirmed': kind('appointment', ['customer']),
  'appointment.rescheduled': kind('appointment', ['customer', 'vendor'], essential),
  'appointment.arrived': kind('appointment', ['vendor'], arrival),
  'appointment.cancelled': kind('appointment', ['customer', 'vendor'], essential),
  /** A paper that it needs was revoked. */
  'appointment.paper_revoked': kind('appointment', ['vendor'], essential),
  'appointment.missed': kind('appointment', ['customer']),
  'appointment.reminder': kind('appointment', ['customer'], { letter: true }),
  'conversation.message': kind('conversation', ['customer', 'vendor', 'driver'], {
    onceUnread: true,
  }),
  'driver.registered': kind('driver', ['vendor']),
  'driver.asks_to_join': kind('driver', ['vendor']),
  'driver.membership_active': kind('driver', ['driver'], standing),
  'driver.membership_ended': kind('driver', ['driver', 'vendor'], { ...essential, ...standing }),
  'driver.off_duty': kind('driver', ['driver'], { ...essential, ...standing }),
  'driver.duty_allowed': kind('driver', ['driver'], standing),
  'vendor.approved': kind('vendor', ['vendor'], vital),
  'vendor.rejected': kind('vendor', ['vendor'], vital),
  'vendor.suspended': kind('vendor', ['vendor'], vital),
  'vendor.move_approved': kind('vendor', ['vendor'], standing),
  'vendor.move_refused': kind('vendor', ['vendor'], standing),
  'account.signed_in': kind('account', audiences, vital),
  'account.password_changed': kind('account', audiences, vital),
  'account.email_changed': kind('account', audiences, vital),
  'account.phone_lost': kind('account', audiences, vital),
  'account.role_changed': kind('account', audiences, vital),
  'admin.pharmacies_wait': kind('account', ['admin'], { onceUnread: true }),
  'payment.action_required': kind('payment', ['customer'], {
    essential: true,
    urgent: true,
    onceUnread: true,
    livesMinutes: 10,
  }),
  'payment.captured': kind('payment', ['customer']),
  'payment.refunded': kind('payment', ['customer'], essential),
  'payment.refund_failed': kind('payment', ['customer'], essential),
  'paper.approved': kind('document', ['customer', 'vendor', 'driver'], standing),
  'paper.rejected': kind('document', ['customer', 'vendor', 'driver'], vital),
  'paper.revoked': kind('document', ['customer', 'vendor', 'driver'], vital),
  'paper.expiring': kind('document', ['customer', 'vendor', 'driver'], vital),
  'paper.expired': kind('document', ['customer', 'vendor', 'driver'], vital),
} as const satisfies Readonly<Record<string, KindRow>>
export type NotificationKind = keyof typeof notificationKinds
export const notificationKindNames = Object.keys(notificationKinds) as NotificationKind[]

/** The row of a kind, without the literal types of the table. */
export const rowOfKind = (name: NotificationKind): KindRow => notificationKinds[name]

/** The channels that a kind can take. */
export const channelsOf = (name: NotificationKind): readonly NotificationChannel[] =>
  rowOfKind(name).pushOnly ? ['push'] : notificationChannels

const isQuietWay = (channel: NotificationChannel): boolean =>
  channel === 'email' || channel === 'sms'

/** True where a person hears of the kind without having said anything. */
export const wantedByDefault = (name: NotificationKind, channel: NotificationChannel): boolean =>
  !isQuietWay(channel) || rowOfKind(name).letter

/** False where nobody can turn the kind off. */
export const canTurnOff = (name: NotificationKind, channel: NotificationChannel): boolean =>
  !rowOfKind(name).essential || isQuietWay(channel)
