/**
 * The flag of a delivery that a person should check. The event that sets it and the view that shows
 * it share it.
 */
import Type from 'typebox'

/** The reason why a delivery without an explanation is flagged. */
export const DeliveryFlag = Type.Union([
  Type.Literal('far_from_door'),
  Type.Literal('position_unknown'),
])
export type DeliveryFlag = Type.Static<typeof DeliveryFlag>
