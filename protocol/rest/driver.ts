/** The public shape of a driver's live part: what the driver's actor knows. The profile is the edge's. */
import Type from 'typebox'
import { Uuid } from '../principal.ts'

export const driverStatuses = ['offline', 'available', 'busy', 'on_break'] as const
export type DriverStatus = (typeof driverStatuses)[number]

/** `pending`: asks to join and waits for the pharmacy's word; `ended`: belongs to it no more. */
export const memberships = ['pending', 'active', 'ended'] as const
export type Membership = (typeof memberships)[number]

export const DriverView = Type.Object({
  id: Uuid,
  vendor_id: Uuid,
  membership: Type.Union([Type.Literal('pending'), Type.Literal('active'), Type.Literal('ended')]),
  full_name: Type.String(),
  phone: Type.String(),
  vehicle_type: Type.String(),
  status: Type.Union([
    Type.Literal('offline'),
    Type.Literal('available'),
    Type.Literal('busy'),
    Type.Literal('on_break'),
  ]),
  capacity: Type.Integer(),
  active_order_ids: Type.Array(Uuid),
  offer: Type.Union([
    Type.Object({
      offer_id: Uuid,
      order_id: Uuid,
      expires_at: Type.String({ format: 'date-time' }),
    }),
    Type.Null(),
  ]),
  total_deliveries: Type.Integer(),
  total_earnings: Type.Number(),
  currency: Type.String(),
  version: Type.Integer(),
})
export type DriverView = Type.Static<typeof DriverView>
