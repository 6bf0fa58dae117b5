/** The messages that clients receive, by socket, as types: derived from the schemas of `sockets.ts`, of which nothing is left at run time. */
import type Type from 'typebox'
import type * as schemas from '../sockets.ts'

type Of<Name extends keyof typeof schemas> = (typeof schemas)[Name] extends infer S extends
  Type.TSchema
  ? Type.Static<S>
  : never

export type ErrorMessage = Of<'ErrorMessage'>
export type TerminalGreeting = Of<'TerminalGreeting'>
export type NewRequest = Of<'NewRequest'>
export type RequestEnded = Of<'RequestEnded'>
export type NewOrder = Of<'NewOrder'>
export type ResponseResult = Of<'ResponseResult'>
export type DriverSearchEnded = Of<'DriverSearchEnded'>
export type ApprovalMessage = Of<'ApprovalMessage'>
export type CustomerGreeting = Of<'CustomerGreeting'>
export type RequestOver = Of<'RequestOver'>
export type PharmacyResponse = Of<'PharmacyResponse'>
export type StatusMessage = Of<'StatusMessage'>
export type LocationMessage = Of<'LocationMessage'>
export type TrackingStateMessage = Of<'TrackingState'>
export type DriverGreeting = Of<'DriverGreeting'>
export type OfferMessage = Of<'OfferMessage'>
export type OfferWithdrawn = Of<'OfferWithdrawn'>
export type AssignedMessage = Of<'AssignedMessage'>
export type AssignmentEnded = Of<'AssignmentEnded'>
export type MembershipMessage = Of<'MembershipMessage'>
export type OfferResult = Of<'OfferResult'>
export type StatusResult = Of<'StatusResult'>
export type DriverStatusChanged = Of<'DriverStatusChanged'>
export type FleetMessage = Of<'FleetMessage'>
export type FleetLocations = Of<'FleetLocations'>
export type { FleetMember } from '../sockets.ts'
