/**
 * The public tracking link: the holder of the token sees the position of the delivery, and only
 * first names of the people.
 */
import Type from 'typebox'
import { TrackingView } from '../../protocol/tracking/messages.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { TrackingConfig } from './config.ts'
import { orderOfLink } from './link.ts'
import { trackingState } from './state.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { kindKeyword } from '../text/normalise.ts'

export type TrackingContext = Pick<Kernel, 'database' | 'commands' | 'log' | 'nowMs'> &
  WithConfig<KernelConfig & TrackingConfig>

/** The row of `/api/tracking/{token}`. */
export function trackingRoutes(ctx: TrackingContext): AnyRoute[] {
  return [
    route({
      method: 'GET',
      path: '/api/tracking/:token',
      operationId: 'track',
      summary: 'Follow a delivery by its public link',
      tags: ['tracking'],
      auth: 'none',
      audit: { kind: 'tracking', id: body => (body as TrackingView).order.id },
      params: Type.Object({
        token: Type.String({
          pattern: '^[\\w-]{8,64}$',
          [kindKeyword]: 'hex',
          'x-rule': 'must be a tracking token',
        }),
      }),
      responses: { 200: { description: 'The state of the delivery', schema: TrackingView } },
      errors: ['order_not_found', 'tracking_expired'],
      handler: async ({ params }) => ({
        status: 200,
        body: await trackingState(ctx, await orderOfLink(ctx, params.token)),
      }),
    }),
  ]
}
