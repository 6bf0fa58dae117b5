/**
 * Positions under the names of the rides backend, `/api/v1/locations`: a driver hands one in, and
 * whoever manages a driver reads the last one.
 */
import { sql } from 'kysely'
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { instantMs } from '../../protocol/kernel/iso-time.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Latitude, Longitude } from '../../protocol/kernel/schema.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { driverRows, type DriverRow } from '../approval/driver-reads.ts'
import type { Identity } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nextCursor, nullable, page, paged, Timestamp } from '../kernel/shapes.ts'
import { knownOf } from './fix.ts'
import { frameOf, refusalOf, type DeviceRiver } from './river.ts'

const tags = ['rides (older API)']
const LocationView = Type.Object({
  driver_id: Uuid,
  latitude: nullable(Latitude),
  longitude: nullable(Longitude),
  at: nullable(Timestamp),
})
const Measure = Type.Optional(nullable(Type.Number()))

const shown = ({ id, latitude, longitude, position_at }: DriverRow) => ({
  driver_id: id,
  latitude,
  longitude,
  at: position_at,
})

/** The rows of `/api/v1/locations`. */
export function locationRoutes(
  ctx: Pick<Kernel, 'database' | 'commands' | 'nowMs'>,
  river: DeviceRiver,
): AnyRoute[] {
  const db = ctx.database.kysely
  /** The drivers whose place the caller may know. */
  const seenBy = (identity: Identity) => {
    const query = driverRows(db)
    switch (identity.role) {
      case 'driver':
        return query.where('drivers.id', '=', identity.driverId)
      case 'vendor':
        // A driver who has left is followed only until the last parcel has arrived.
        return query
          .where('drivers.vendor_id', '=', identity.pharmacyId)
          .where(eb => eb.or([eb('is_active', '=', true), sql<boolean>`active_order_ids <> '{}'`]))
      default:
        return query
    }
  }
  return [
    route({
      method: 'POST',
      path: '/api/v1/locations',
      operationId: 'sendLocation',
      summary:
        "The driver's position. Apps that send more than a few should use the socket `/ws/driver`",
      tags,
      auth: ['driver'],
      standing: 'carrying',
      audit: false,
      body: closedObject({
        latitude: Latitude,
        longitude: Longitude,
        heading: Measure,
        speed: Measure,
        accuracy: Measure,
        timestamp: Type.Optional(Type.String({ format: 'date-time' })),
      }),
      responses: {
        202: { description: 'Taken; it counts while the driver is on duty', schema: LocationView },
      },
      errors: ['driver_not_found', 'frame_in_future', 'frame_out_of_range', 'unavailable'],
      handler: async ({ principal, body }) => {
        const { latitude, longitude, heading, speed, accuracy, timestamp } = body
        const nowMs = ctx.nowMs()
        const frame = frameOf(
          {
            atMs: timestamp === undefined ? null : instantMs(timestamp),
            latitude,
            longitude,
            headingDeg: knownOf(heading),
            speedMps: knownOf(speed),
            accuracyM: knownOf(accuracy),
            batteryPercent: null,
            simulated: false,
          },
          nowMs,
        )
        const refusal = refusalOf(frame, nowMs)
        if (refusal !== null)
          throw new CaduceusError(
            refusal === 'future' ? 'frame_in_future' : 'frame_out_of_range',
            refusal === 'future' ? 'timestamp is in the future' : 'the position is out of range',
          )
        await river.hand(principal.id, [frame])
        const at = new Date(frame.timestampMs)
        return { status: 202, body: { driver_id: principal.id, latitude, longitude, at } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/locations',
      operationId: 'listLocations',
      summary:
        "The last stored positions of the caller's drivers, of the driver who asks, or for an administrator of all",
      tags,
      auth: ['driver', 'vendor', 'admin'],
      query: closedObject(page),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ locations: Type.Array(LocationView), next_cursor: nextCursor }),
        },
      },
      handler: async ({ identity, query: { limit = limits.listLimitDefault, cursor } }) => {
        let query = seenBy(identity)
        if (cursor !== undefined) query = query.where('drivers.id', '<', cursor)
        const { rows, next_cursor } = paged(
          await query
            .orderBy('drivers.id', 'desc')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        return { status: 200, body: { locations: rows.map(shown), next_cursor } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/locations/:driver_id',
      operationId: 'getLocation',
      summary: 'The position of one driver as the engine knows it now',
      tags,
      auth: ['driver', 'vendor', 'admin'],
      params: Type.Object({ driver_id: Uuid }),
      responses: { 200: { description: 'The position', schema: LocationView } },
      errors: ['driver_not_found'],
      handler: async ({ identity, params }) => {
        const row = await seenBy(identity)
          .where('drivers.id', '=', params.driver_id)
          .executeTakeFirst()
        if (row === undefined) throw new CaduceusError('driver_not_found', 'no such driver')
        // Without an engine the stored position is the answer.
        const live = await ctx.commands.position({ driver_id: row.id }).catch(() => null)
        const position = live?.position
        return {
          status: 200,
          body: position
            ? {
                driver_id: row.id,
                latitude: position.latitude,
                longitude: position.longitude,
                at: new Date(position.at_ms),
              }
            : shown(row),
        }
      },
    }),
  ]
}
