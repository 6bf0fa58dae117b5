/**
 * Interest: which orders and fleets the sockets of an edge watch, so that engines send positions
 * only there.
 */
import Type from 'typebox'
import { Uuid } from '../kernel/principal.ts'
import { Text } from '../kernel/schema.ts'

/**
 * From an edge on `interest`: all orders and fleets that its sockets watch. It is renewed as a
 * whole, so a lost message does no lasting harm.
 */
export const InterestMessage = Type.Object({
  edge_id: Text,
  full: Type.Boolean({
    description: 'True when the lists are all there is; false when they add to it',
  }),
  order_ids: Type.Array(Uuid, {
    description: "Orders with a tracker or the order's customer connected",
  }),
  vendor_ids: Type.Array(Uuid, { description: 'Pharmacies with a fleet view open' }),
  gone: Type.Optional(
    Type.Literal(true, { description: 'Everything ended: the edge is going away' }),
  ),
})
export type InterestMessage = Type.Static<typeof InterestMessage>
