/**
 * The public tracking link: whoever holds the token sees where the delivery is, and no more of the
 * people in it than a first name.
 */
import Type from 'typebox'
import { Latitude, Longitude } from '../../protocol/commands.ts'
import { CaduceusError } from '../../protocol/errors.ts'
import type { OrderStatus } from '../../protocol/rest/order.ts'
import type { EdgeContext } from '../context.ts'
import { route, type AnyRoute } from '../http/route.ts'
import { nullable, Timestamp } from './shapes.ts'

export type TrackingContext = Pick<EdgeContext, 'database' | 'commands' | 'log' | 'nowMs'>

/** While the driver carries or fetches it, its position is the order's. */
const followed: ReadonlySet<OrderStatus> = new Set(['driver_assigned', 'picked_up', 'out_for_delivery'])

const TrackingView = Type.Object({
  order: Type.Object({
    id: Type.String(), order_number: Type.String(), status: Type.String(), customer_name: Type.String(), pharmacy_name: nullable(Type.String()), driver_name: nullable(Type.String()),
    pickup_latitude: nullable(Latitude), pickup_longitude: nullable(Longitude),
    delivery_address: nullable(Type.String()), delivery_latitude: Latitude, delivery_longitude: Longitude,
    estimated_delivery_time: nullable(Timestamp), created_at: Timestamp, picked_up_at: nullable(Timestamp), delivered_at: nullable(Timestamp),
  }),
  driver_location: nullable(Type.Object({
    latitude: Latitude, longitude: Longitude, heading: nullable(Type.Number()), speed: nullable(Type.Number()), last_update: Timestamp,
  })),
  eta_minutes: nullable(Type.Number()),
  distance_km: nullable(Type.Number()),
})

export const firstName = (name: string): string => name.trim().split(/\s+/, 1)[0] ?? ''

export function trackingRoutes(ctx: TrackingContext): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/api/tracking/:token', operationId: 'track', summary: 'Follow a delivery by its public link', tags: ['tracking'], auth: 'none',
      params: Type.Object({ token: Type.String({ pattern: '^[\\w-]{8,64}$' }) }),
      responses: { 200: { description: 'Where it is', schema: TrackingView } }, errors: ['order_not_found'],
      handler: async ({ params }) => {
        const row = await ctx.database.kysely.selectFrom('orders').select('view').where('tracking_token', '=', params.token).executeTakeFirst()
        if (row === undefined) throw new CaduceusError('order_not_found', 'no delivery has this link')
        const { view } = row
        const target = { latitude: view.delivery_latitude, longitude: view.delivery_longitude }
        const answer = view.driver_id === null || !followed.has(view.status) ? null
          // The page shows the order even while no engine can say where the driver is.
          : await ctx.commands.position({ driver_id: view.driver_id, target }).catch((error: unknown) => {
            ctx.log.warn({ err: error }, 'no position for a tracking page')
            return null
          })
        const position = answer?.position ?? null
        const etaMinutes = position === null ? null : answer!.eta_minutes
        return {
          status: 200,
          body: {
            order: {
              id: view.id, order_number: view.order_number, status: view.status, customer_name: firstName(view.customer_name),
              pharmacy_name: view.vendor_name, driver_name: view.driver_name === null ? null : firstName(view.driver_name),
              pickup_latitude: view.pickup_latitude, pickup_longitude: view.pickup_longitude,
              delivery_address: view.delivery_address, delivery_latitude: view.delivery_latitude, delivery_longitude: view.delivery_longitude,
              estimated_delivery_time: etaMinutes === null ? null : new Date(ctx.nowMs() + etaMinutes * 60_000),
              created_at: view.created_at, picked_up_at: view.picked_up_at, delivered_at: view.delivered_at,
            },
            driver_location: position === null ? null : {
              latitude: position.latitude, longitude: position.longitude, heading: position.heading, speed: position.speed, last_update: new Date(position.at_ms),
            },
            eta_minutes: etaMinutes,
            distance_km: position === null ? null : answer!.distance_km,
          },
        }
      },
    }),
  ]
}
