/**
 * The messages that clients receive, as types derived from their definitions. They cost nothing at
 * run time. A message defined for a channel becomes an event of its client without an edit here.
 */
import type { ChannelName } from '../kernel/channels.ts'
import type { HeardOn, MessageNamed } from '../dispatch/messages.ts'

export type { MessageNamed }
export type { FleetMember } from '../pharmacies/messages.ts'

/** The messages of a channel by their `type`. */
export type MessagesByType<Channel extends ChannelName> = {
  [Message in HeardOn<Channel> as Message['type']]: Message
}

/**
 * The messages of a channel that a client passes on as events, except those for which it has events
 * of its own.
 */
export type MessageEvents<Channel extends ChannelName, Own extends string = never> = Omit<
  MessagesByType<Channel>,
  'connection' | 'pong' | Own
>

/** The events of every client about its connection. */
export interface ConnectionNews {
  /** The connection ended. With `final` no other follows. */
  closed: { code: number; reason: string; final: boolean }
}

/**
 * Names for the messages that apps hold in variables. `MessageNamed` gives the type of any other.
 */
export type ErrorMessage = MessageNamed<'error'>
export type TerminalGreeting = MessageNamed<'terminal_greeting'>
export type NewRequest = MessageNamed<'new_request'>
export type RequestEnded = MessageNamed<'request_ended'>
export type NewOrder = MessageNamed<'new_order'>
export type ResponseResult = MessageNamed<'response_result'>
export type DriverSearchEnded = MessageNamed<'driver_search_ended'>
export type ApprovalMessage = MessageNamed<'approval'>
export type ChatGreeting = MessageNamed<'chat_greeting'>
export type CustomerGreeting = MessageNamed<'customer_greeting'>
export type RequestOver = MessageNamed<'request_over'>
export type PharmacyResponse = MessageNamed<'pharmacy_response'>
export type StatusMessage = MessageNamed<'status'>
export type LocationMessage = MessageNamed<'location'>
export type TrackingStateMessage = MessageNamed<'tracking_state'>
export type DriverGreeting = MessageNamed<'driver_greeting'>
export type OfferMessage = MessageNamed<'offer'>
export type OfferWithdrawn = MessageNamed<'offer_withdrawn'>
export type AssignedMessage = MessageNamed<'assigned'>
export type AssignmentEnded = MessageNamed<'assignment_ended'>
export type MembershipMessage = MessageNamed<'membership'>
export type OfferResult = MessageNamed<'offer_result'>
export type Temperatures = MessageNamed<'temperatures'>
export type TemperaturesResult = MessageNamed<'temperatures_result'>
export type StatusResult = MessageNamed<'status_result'>
export type DriverStatusChanged = MessageNamed<'driver_status'>
export type FleetMessage = MessageNamed<'fleet'>
export type LiveGreeting = MessageNamed<'live_greeting'>
export type FleetLocations = MessageNamed<'fleet_locations'>
