/**
 * The public tracking link: whoever holds the token sees where the delivery is, and no more of the
 * people in it than a first name.
 */
import Type from 'typebox'
import { Latitude, Longitude } from '../../protocol/kernel/schema.ts'
import type { EdgeContext } from '../context.ts'
import { orderOfLink } from '../dispatch/tracking-link.ts'
import { trackingState } from '../dispatch/tracking-state.ts'
import { route, type AnyRoute } from '../http/route.ts'
import { kindKeyword } from '../text/normalise.ts'
import { nullable, Timestamp } from './shapes.ts'

export type TrackingContext = Pick<
  EdgeContext,
  'config' | 'database' | 'commands' | 'log' | 'nowMs'
>

const TrackingView = Type.Object({
  order: Type.Object({
    id: Type.String(),
    order_number: Type.String(),
    status: Type.String(),
    customer_name: Type.String(),
    pharmacy_name: nullable(Type.String()),
    driver_name: nullable(Type.String()),
    pickup_latitude: nullable(Latitude),
    pickup_longitude: nullable(Longitude),
    delivery_address: nullable(Type.String()),
    delivery_latitude: Latitude,
    delivery_longitude: Longitude,
    estimated_delivery_time: nullable(Timestamp),
    created_at: Timestamp,
    picked_up_at: nullable(Timestamp),
    delivered_at: nullable(Timestamp),
  }),
  driver_location: nullable(
    Type.Object({
      latitude: Latitude,
      longitude: Longitude,
      heading: nullable(Type.Number()),
      speed: nullable(Type.Number()),
      last_update: Timestamp,
    }),
  ),
  eta_minutes: nullable(Type.Number()),
  distance_km: nullable(Type.Number()),
})

export function trackingRoutes(ctx: TrackingContext): AnyRoute[] {
  return [
    route({
      method: 'GET',
      path: '/api/tracking/:token',
      operationId: 'track',
      summary: 'Follow a delivery by its public link',
      tags: ['tracking'],
      auth: 'none',
      audit: { kind: 'tracking', id: body => (body as Type.Static<typeof TrackingView>).order.id },
      params: Type.Object({
        token: Type.String({
          pattern: '^[\\w-]{8,64}$',
          [kindKeyword]: 'hex',
          'x-rule': 'must be a tracking token',
        }),
      }),
      responses: { 200: { description: 'Where it is', schema: TrackingView } },
      errors: ['order_not_found', 'tracking_expired'],
      handler: async ({ params }) => ({
        status: 200,
        body: await trackingState(ctx, await orderOfLink(ctx, params.token)),
      }),
    }),
  ]
}
