/**
 * The devices of a driver: `/api/drivers/{id}/devices`. The driver, the pharmacy of the driver and
 * an administrator make, list and end them. The secret is shown once, when it is made. So there is
 * no `Idempotency-Key` here: to repeat the first answer, the table of answers would have to store
 * the secret in plain text. An extra device can be ended.
 */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { driverRows, mayManage } from '../approval/driver-reads.ts'
import type { Identity } from '../kernel/identity.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nullable, PersonName, Timestamp } from '../kernel/shapes.ts'
import {
  createDevice,
  devicesOf,
  endDevice,
  type DeviceContext,
  type DeviceRow,
} from './devices.ts'
import { protocols } from './intake.ts'
import { setupOf } from './setup.ts'

const tags = ['devices']
const auth = ['driver', 'vendor', 'admin'] as const
const DriverId = Type.Object({ id: Uuid })

export const DeviceView = Type.Object({
  id: Uuid,
  driver_id: Uuid,
  name: Type.String(),
  encrypted: Type.Boolean({ description: 'It sends sealed OwnTracks messages and nothing else' }),
  created_by: Uuid,
  created_at: Timestamp,
  ended_at: nullable(Timestamp),
  last_seen_at: nullable(Timestamp),
  last_protocol: nullable(Type.Enum([...protocols])),
  battery_percent: nullable(Type.Integer()),
  positions_count: Type.Integer({ description: 'Positions that were taken' }),
  simulated_count: Type.Integer({
    description: 'Those of them that an app made and not the receiver, as the phone says',
  }),
  last_simulated_at: nullable(Timestamp),
})
const Setup = Type.Object({
  device: DeviceView,
  secret: Type.String({ description: 'The part of the addresses that nobody else may know' }),
  passphrase: nullable(Type.String({ description: 'With it OwnTracks seals its messages' })),
  urls: Type.Object({
    osmand: Type.String({ description: 'For Traccar Client' }),
    owntracks: Type.String(),
    position: Type.String({ description: 'In SI units, for other apps' }),
  }),
  setup: Type.Object({
    traccar_client: Type.String({ description: 'Scan it with Traccar Client as a QR code' }),
    owntracks: Type.String({ description: 'Open it on the phone' }),
    gpslogger: Type.String({ description: 'The custom URL of GPSLogger' }),
    osmand: Type.String({ description: 'The web address of the OsmAnd app' }),
  }),
})

const view = ({ passphrase_sealed, ...row }: DeviceRow) => ({
  ...row,
  encrypted: passphrase_sealed !== null,
})

/** The rows of `/api/drivers/{id}/devices`. */
export function deviceRoutes(ctx: DeviceContext): AnyRoute[] {
  /** Throws `driver_not_found`, also for another pharmacy's driver. */
  const managed = async (identity: Identity, id: string): Promise<void> => {
    const row = await driverRows(ctx.database.kysely)
      .where('drivers.id', '=', id)
      .executeTakeFirst()
    if (row === undefined || !mayManage(identity, row))
      throw new CaduceusError('driver_not_found', 'no such driver')
  }
  return [
    route({
      method: 'POST',
      path: '/api/drivers/:id/devices',
      operationId: 'createDevice',
      tags,
      auth,
      params: DriverId,
      summary:
        "Let a phone with another app send the driver's position; the answer shows the addresses only once",
      body: closedObject({
        name: PersonName,
        encrypted: Type.Optional(
          Type.Boolean({
            description: 'Only for OwnTracks: messages are sealed with a passphrase',
          }),
        ),
      }),
      responses: { 201: { description: 'The device and its addresses', schema: Setup } },
      errors: ['driver_not_found', 'device_limit_reached'],
      handler: async ({ identity, params, body, origin }) => {
        await managed(identity, params.id)
        const { row, secret, passphrase } = await createDevice(ctx, {
          driverId: params.id,
          name: body.name,
          encrypted: body.encrypted ?? false,
          by: identity.userId,
        })
        return {
          status: 201,
          body: {
            device: view(row),
            secret,
            passphrase,
            ...setupOf({
              origin: origin ?? `http://${ctx.config.host}:${ctx.config.port}`,
              deviceId: row.id,
              secret,
              passphrase,
            }),
          },
          headers: { 'cache-control': 'no-store' },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/drivers/:id/devices',
      operationId: 'listDevices',
      tags,
      auth,
      params: DriverId,
      summary: "The driver's devices, newest first, without their secrets",
      responses: {
        200: {
          description: 'All of them, and the last that ended',
          schema: Type.Object({ devices: Type.Array(DeviceView) }),
        },
      },
      errors: ['driver_not_found'],
      handler: async ({ identity, params }) => {
        await managed(identity, params.id)
        return { status: 200, body: { devices: (await devicesOf(ctx, params.id)).map(view) } }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/drivers/:id/devices/:device_id',
      operationId: 'endDevice',
      tags,
      auth,
      params: Type.Object({ id: Uuid, device_id: Uuid }),
      summary: 'End a device at once; its addresses answer 404 from then on',
      responses: { 200: { description: 'The device, ended', schema: DeviceView } },
      errors: ['driver_not_found'],
      handler: async ({ identity, params }) => {
        await managed(identity, params.id)
        return { status: 200, body: view(await endDevice(ctx, params.id, params.device_id)) }
      },
    }),
  ]
}
