/**
 * Events of older releases in today's shape. The journal keeps what was written, so a change of shape is
 * a new version and one step here, from the version before it; steps are chained, and nothing behind the
 * journal knows that there ever was another shape. Pure: the same event becomes the same event.
 *
 * Rejected: rewriting stored events in a migration, which alters facts and cannot be undone; readers that
 * accept both shapes, which makes every field optional for ever.
 */
import { eventVersion, type DriverEvent, type OrderEvent } from '../../protocol/events.ts'

export interface RawEvent { type: string; data: object }
type Step = (event: RawEvent) => RawEvent

/** Each makes events of its version those of the next. */
const steps: Readonly<Record<number, Step>> = {
  // Fees were told at acceptance only, then sometimes at the beginning. Since 2 every order says whether one was told.
  1: event => (event.type === 'broadcast_opened' || event.type === 'order_placed'
    ? { ...event, data: { fee: null, ...event.data } } : event),
  // Since 3 a hold says which event asked for it.
  2: event => (event.type === 'offer_held' ? { ...event, data: { source: null, ...event.data } } : event),
  // Since 4 there are events that a release before it does not know; those it knew stay as they were.
  3: event => event,
}

export class UnknownEventVersionError extends Error {
  constructor(v: number) {
    super(`the journal holds events of version ${v} and this release reads up to ${eventVersion}: start a release at least as new as the one that wrote them`)
    this.name = 'UnknownEventVersionError'
  }
}

/** Throws UnknownEventVersionError for what a newer release wrote. */
export function upcast(v: number, event: RawEvent): OrderEvent | DriverEvent {
  if (!(v >= 1 && v <= eventVersion)) throw new UnknownEventVersionError(v)
  let current = event
  for (let from = v; from < eventVersion; from++) current = steps[from]!(current)
  return current as OrderEvent | DriverEvent
}
