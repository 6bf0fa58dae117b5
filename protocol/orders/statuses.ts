/**
 * The statuses of an order: one row for each status, one column for each fact about it. Every list
 * of statuses elsewhere (queries, pages, reports, the engine's guards) reads a column here, so a
 * new status is in all of them. A comparison with one status is not found: look for its neighbours
 * with `git grep "'accepted'"`.
 *
 * This file imports nothing, because the pages load it as it is. It names commands, events and
 * fields by text; each place that reads such a name has a type that refuses a wrong one.
 */

export interface StatusFacts {
  /** Events that lead to this status. */
  events: readonly string[]
  /**
   * The field of the view with the time at which the status was reached; null when there is none.
   */
  reachedAt: string | null
  /**
   * The command that `PATCH /api/orders/{id}` sends for this status; null when a caller cannot ask
   * for it.
   */
  verb: string | null
  /** True for an end: no command changes the order any more. */
  ended: boolean
  /** True while the customer and the pharmacy may cancel. */
  cancellable: boolean
  /**
   * True when an order to one pharmacy can have this status before that pharmacy has accepted it.
   */
  beforeAcceptance: boolean
  /** True when the order has its driver and has not ended. */
  underWay: boolean
  /** True when the driver has the parcel. */
  carried: boolean
  /**
   * The place that the driver is going to. While there is one, the driver's position is shown with
   * the order.
   */
  heading: 'pickup' | 'dropoff' | null
  /** True when the driver could not hand the parcel over. */
  undelivered: boolean
  /** True when this status ends the work of the order's driver, if it has one. */
  freesDriver: boolean
  /** True while the pharmacy looks for a driver, by a search or by hand. */
  seeksDriver: boolean
  /** The word in a list of orders. */
  label: string
  /** The colour of that word. */
  tone: 'good' | 'bad' | 'warn' | ''
  /** The sentence at the top of the tracking page. */
  headline: string
  /**
   * The line in the list of steps on the tracking page, in the order of this table; null for an
   * unusual step.
   */
  step: string | null
}

export const statusTable = {
  /** An open request also shows as `pending`; the kind of the order tells them apart. */
  pending: {
    events: ['order_placed', 'broadcast_opened'],
    reachedAt: 'created_at',
    verb: null,
    ended: false,
    cancellable: true,
    beforeAcceptance: true,
    underWay: false,
    carried: false,
    heading: null,
    undelivered: false,
    freesDriver: false,
    seeksDriver: false,
    label: 'Asking pharmacies',
    tone: 'warn',
    headline: 'Waiting for a pharmacy',
    step: 'Requested',
  },
  accepted: {
    events: ['order_accepted', 'driver_unassigned'],
    reachedAt: 'accepted_at',
    verb: 'accept',
    ended: false,
    cancellable: true,
    beforeAcceptance: false,
    underWay: false,
    carried: false,
    heading: null,
    undelivered: false,
    freesDriver: false,
    seeksDriver: true,
    label: 'Accepted',
    tone: '',
    headline: 'The pharmacy is preparing it',
    step: 'Pharmacy accepted',
  },
  driver_assigned: {
    events: ['driver_assigned'],
    reachedAt: 'driver_assigned_at',
    verb: null,
    ended: false,
    cancellable: true,
    beforeAcceptance: false,
    underWay: true,
    carried: false,
    heading: 'pickup',
    undelivered: false,
    freesDriver: false,
    seeksDriver: false,
    label: 'Driver assigned',
    tone: '',
    headline: 'A driver is fetching it',
    step: 'Driver assigned',
  },
  picked_up: {
    events: ['picked_up'],
    reachedAt: 'picked_up_at',
    verb: 'pick_up',
    ended: false,
    cancellable: false,
    beforeAcceptance: false,
    underWay: true,
    carried: true,
    heading: 'dropoff',
    undelivered: false,
    freesDriver: false,
    seeksDriver: false,
    label: 'Picked up',
    tone: '',
    headline: 'Picked up',
    step: 'Picked up',
  },
  out_for_delivery: {
    events: ['out_for_delivery'],
    reachedAt: 'out_for_delivery_at',
    verb: 'out_for_delivery',
    ended: false,
    cancellable: false,
    beforeAcceptance: false,
    underWay: true,
    carried: true,
    heading: 'dropoff',
    undelivered: false,
    freesDriver: false,
    seeksDriver: false,
    label: 'On its way',
    tone: '',
    headline: 'On its way to you',
    step: 'On its way',
  },
  delivered: {
    events: ['delivered'],
    reachedAt: 'delivered_at',
    verb: 'deliver',
    ended: true,
    cancellable: false,
    beforeAcceptance: false,
    underWay: false,
    carried: false,
    heading: null,
    undelivered: false,
    freesDriver: true,
    seeksDriver: false,
    label: 'Delivered',
    tone: 'good',
    headline: 'Delivered',
    step: 'Delivered',
  },
  cancelled: {
    events: ['order_cancelled'],
    reachedAt: 'ended_at',
    verb: 'cancel',
    ended: true,
    cancellable: false,
    beforeAcceptance: true,
    underWay: false,
    carried: false,
    heading: null,
    undelivered: false,
    freesDriver: true,
    seeksDriver: false,
    label: 'Cancelled',
    tone: 'bad',
    headline: 'Cancelled',
    step: null,
  },
  rejected: {
    events: ['order_rejected'],
    reachedAt: 'ended_at',
    verb: 'reject',
    ended: true,
    cancellable: false,
    beforeAcceptance: true,
    underWay: false,
    carried: false,
    heading: null,
    undelivered: false,
    freesDriver: false,
    seeksDriver: false,
    label: 'Declined',
    tone: 'bad',
    headline: 'The pharmacy declined',
    step: null,
  },
  expired: {
    events: ['request_expired'],
    reachedAt: 'ended_at',
    verb: null,
    ended: true,
    cancellable: false,
    beforeAcceptance: false,
    underWay: false,
    carried: false,
    heading: null,
    undelivered: false,
    freesDriver: false,
    seeksDriver: false,
    label: 'Expired',
    tone: 'bad',
    headline: 'No pharmacy accepted in time',
    step: null,
  },
  failed: {
    events: ['delivery_failed'],
    reachedAt: null,
    verb: 'fail',
    ended: false,
    cancellable: false,
    beforeAcceptance: false,
    underWay: true,
    carried: true,
    heading: null,
    undelivered: true,
    freesDriver: false,
    seeksDriver: false,
    label: 'Delivery failed',
    tone: 'bad',
    headline: 'The delivery failed',
    step: null,
  },
  returning: {
    events: ['return_started'],
    reachedAt: null,
    verb: 'return',
    ended: false,
    cancellable: false,
    beforeAcceptance: false,
    underWay: true,
    carried: true,
    heading: null,
    undelivered: true,
    freesDriver: false,
    seeksDriver: false,
    label: 'Going back',
    tone: 'bad',
    headline: 'Going back to the pharmacy',
    step: null,
  },
  returned: {
    events: ['returned'],
    reachedAt: 'ended_at',
    verb: 'complete_return',
    ended: true,
    cancellable: false,
    beforeAcceptance: false,
    underWay: false,
    carried: false,
    heading: null,
    undelivered: true,
    freesDriver: true,
    seeksDriver: false,
    label: 'Returned',
    tone: 'bad',
    headline: 'Returned to the pharmacy',
    step: null,
  },
} as const satisfies Record<string, StatusFacts>

export type OrderStatus = keyof typeof statusTable
/** The statuses whose `Column` has a value of type `Value`, such as `StatusWith<'ended', true>`. */
export type StatusWith<Column extends keyof StatusFacts, Value> = {
  [S in OrderStatus]: (typeof statusTable)[S][Column] extends Value ? S : never
}[OrderStatus]

export const orderStatuses = Object.keys(statusTable) as OrderStatus[]

/** The statuses whose column has this value, in the order of the table. */
export const statusesWith = <C extends keyof StatusFacts>(
  column: C,
  value: StatusFacts[C],
): readonly OrderStatus[] =>
  orderStatuses.filter(status => (statusTable[status] as StatusFacts)[column] === value)

export const endedStatuses = statusesWith('ended', true)
export const underWayStatuses = statusesWith('underWay', true)
export const carriedStatuses = statusesWith('carried', true)
export const cancellableStatuses = statusesWith('cancellable', true)
/** Statuses in which the driver brings the parcel to the door. */
export const deliveringStatuses = statusesWith('heading', 'dropoff')

/** The facts of a status given as text; undefined when the text is not a status. */
export const factsOf = (status: unknown): StatusFacts | undefined =>
  typeof status === 'string' && Object.hasOwn(statusTable, status)
    ? statusTable[status as OrderStatus]
    : undefined
/** The ways in which an order ends for its driver. */
export type DriverOutcome = StatusWith<'freesDriver', true>
export const driverOutcomes = statusesWith('freesDriver', true) as readonly DriverOutcome[]

/** Is it the status of an order that is over? False for a text that is no status. */
export const hasEnded = (status: unknown): boolean => factsOf(status)?.ended === true
