/**
 * The roster: the drivers of one engine, and whether each may be asked. Engines tell it each other.
 */
import Type from 'typebox'
import { Uuid } from '../kernel/principal.ts'
import { oneOf, Text } from '../kernel/schema.ts'
import { driverStatuses } from './statuses.ts'

/**
 * From an engine on `roster.rows`: one of its drivers. Soft, because the driver's actor decides.
 */
export const RosterRow = Type.Object({
  driverId: Uuid,
  vendorId: Uuid,
  vehicleType: Text,
  status: oneOf(driverStatuses),
  canTakeMore: Type.Boolean({ description: 'Available, no offer outstanding, capacity left' }),
})
export type RosterRow = Type.Static<typeof RosterRow>
export const RosterMessage = Type.Object({ engine_id: Text, rows: Type.Array(RosterRow) })
export interface RosterMessage {
  engine_id: string
  rows: RosterRow[]
}
