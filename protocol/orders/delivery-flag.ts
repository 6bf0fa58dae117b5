/** The mark of a delivery that somebody should look at: the event that makes it and the view that shows it share it. */
import Type from 'typebox'

/** Why a delivery without a reason is marked. */
export const DeliveryFlag = Type.Union([
  Type.Literal('far_from_door'),
  Type.Literal('position_unknown'),
])
export type DeliveryFlag = Type.Static<typeof DeliveryFlag>
