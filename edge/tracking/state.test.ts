/**
 * The position query of the public tracking page. Before the pick-up the route goes by the
 * pharmacy.
 */
import t from 'tap'
import { orderStatuses } from '../../protocol/orders/statuses.ts'
import type { PositionQuery } from '../../protocol/tracking/positions.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { viewOf } from '../acceptance/fixture-edge.ts'
import { trackingState } from './state.ts'

const home = { delivery_latitude: 50.01, delivery_longitude: 8 }
const pharmacy = { pickup_latitude: 50, pickup_longitude: 8.02 }

t.test('the route to the customer goes by the pharmacy before the pick-up', async t => {
  for (const status of orderStatuses) {
    const asked: PositionQuery[] = []
    const position = async (query: PositionQuery) => {
      asked.push(query)
      return {
        position: { latitude: 50, longitude: 8, heading: null, speed: null, at_ms: 0 },
        distance_km: 2,
        eta_minutes: 6,
      }
    }
    const ctx = { commands: { position }, nowMs: () => 1_000 } as unknown as Pick<
      Kernel,
      'commands' | 'nowMs'
    >
    const state = await trackingState(
      ctx,
      viewOf({
        id: '0190a5a0-1234-7abc-8def-000000000001',
        driver_id: 'd',
        status,
        ...home,
        ...pharmacy,
      }),
    )
    const via = status === 'driver_assigned' ? { via: { latitude: 50, longitude: 8.02 } } : {}
    const moves = ['driver_assigned', 'picked_up', 'out_for_delivery'].includes(status)
    t.same(
      asked,
      moves ? [{ driver_id: 'd', target: { latitude: 50.01, longitude: 8 }, ...via }] : [],
      status,
    )
    t.equal(state.eta_minutes, moves ? 6 : null, `${status}: minutes`)
    t.equal(state.driver_location === null, !moves, `${status}: the driver's place`)
    t.equal(
      state.order['estimated_delivery_time'],
      moves ? '1970-01-01T00:06:01.000Z' : null,
      `${status}: time of arrival`,
    )
  }
})
