/**
 * The public shape of the driver's facts that the driver's actor keeps. The edge keeps the profile.
 */
import { oneOf } from '../kernel/schema.ts'
import Type from 'typebox'
import { driverStatuses, memberships, type DriverStatus, type Membership } from './statuses.ts'
import { Uuid } from '../kernel/principal.ts'

/** The status in messages. */
export const DriverStatusShown = Type.Unsafe<DriverStatus>(
  Type.String({ enum: [...driverStatuses] }),
)
export const MembershipShown = Type.Unsafe<Membership>(Type.String({ enum: [...memberships] }))

export const DriverView = Type.Object({
  id: Uuid,
  vendor_id: Uuid,
  membership: oneOf(memberships),
  full_name: Type.String(),
  phone: Type.String(),
  vehicle_type: Type.String(),
  status: oneOf(driverStatuses),
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
