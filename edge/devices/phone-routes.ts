/**
 * The paths to which phones send: `/devices/{secret}/…`, one for each protocol. The secret is the
 * whole right. The log, the metrics and the audit trail name the row and not the path, so a secret
 * reaches none of them. Audit rows of positions would outnumber all others, so there are none.
 */
import Type from 'typebox'
import type { RouteRequest } from '../kernel/route.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { takeMessage, type IntakeContext, type IntakeParts, type Protocol } from './intake.ts'
import { deviceLimits } from './limits.ts'

const tags = ['devices']
const secretCharacters = Math.ceil((deviceLimits.secretBytes * 4) / 3)
const Secret = Type.Object({
  secret: Type.String({
    pattern: `^[\\w-]{${secretCharacters}}$`,
    'x-rule': 'must be the secret of a device',
  }),
})
const contentTypes = ['application/x-www-form-urlencoded', 'application/json']
const Value = Type.Optional(Type.String())
const traccarQuery = Type.Object({
  id: Type.Optional(Type.String({ description: 'Not read: the path names the device' })),
  lat: Value,
  lon: Value,
  timestamp: Type.Optional(
    Type.String({ description: 'Seconds, milliseconds, or a time in UTC; absent: now' }),
  ),
  speed: Type.Optional(Type.String({ description: 'Knots' })),
  bearing: Value,
  accuracy: Value,
  batt: Value,
  mock: Value,
})
const neutralQuery = Type.Object({
  latitude: Type.Optional(Type.String({ description: 'Degrees; or `lat`' })),
  longitude: Type.Optional(Type.String({ description: 'Degrees; or `lon`' })),
  timestamp: Type.Optional(
    Type.String({
      description: 'Seconds, milliseconds, or a time in UTC; or `time`; absent: now',
    }),
  ),
  speed: Type.Optional(Type.String({ description: 'Metres per second' })),
  speed_unit: Type.Optional(
    Type.String({ description: '`mps`, `kmh` or `knots`, for an app that has another unit' }),
  ),
  heading: Type.Optional(Type.String({ description: 'Degrees from north; or `bearing`' })),
  accuracy: Type.Optional(Type.String({ description: 'Metres' })),
  battery: Type.Optional(Type.String({ description: 'Percent' })),
  simulated: Type.Optional(Type.String({ description: '`true`: an app made the position' })),
})
const Taken = Type.Object({
  taken: Type.Integer({ description: 'Positions that were handed on' }),
  ignored: Type.Record(Type.String(), Type.Integer(), {
    description: 'Messages that will never be used, by reason; do not send them again',
  }),
})

/** The rows of `/devices/{secret}/…`. */
export function phoneRoutes(ctx: IntakeContext, parts: IntakeParts): AnyRoute[] {
  const take = async (
    protocol: Protocol,
    { params, queryText, body }: Pick<RouteRequest, 'params' | 'queryText' | 'body'>,
  ) =>
    takeMessage(ctx, parts, params['secret']!, protocol, {
      query: queryText,
      // A GET has no body.
      body: body === undefined ? none : (body as Uint8Array | null),
    })
  const shared = {
    tags,
    auth: 'none',
    rate: 'public',
    audit: false,
    params: Secret,
    errors: ['not_found', 'unavailable'],
  } as const
  const rawBody = (description: string, types: readonly string[] = contentTypes) => ({
    rawBody: { contentTypes: types, description, oversized: 'null' as const },
    bodyBytesMax: deviceLimits.bodyBytesMax,
  })
  const traccar = {
    ...shared,
    path: '/devices/:secret/osmand',
    query: traccarQuery,
    ownQuery: true as const,
    responses: { 200: { description: 'Taken, or never to be used; the body is empty' } },
    handler: async (request: Pick<RouteRequest, 'params' | 'queryText' | 'body'>) => {
      await take('osmand', request)
      return { status: 200 }
    },
  }
  const neutral = {
    ...shared,
    path: '/devices/:secret/position',
    query: neutralQuery,
    ownQuery: true as const,
    responses: {
      200: { description: 'How many positions were taken, and why others were not', schema: Taken },
    },
    handler: async (request: Pick<RouteRequest, 'params' | 'queryText' | 'body'>) => {
      const { taken = 0, ...ignored } = Object.fromEntries(await take('position', request))
      return { status: 200, body: { taken, ignored } }
    },
  }
  return [
    route({
      ...traccar,
      method: 'GET',
      operationId: 'takeTraccarQuery',
      summary: 'A position of Traccar Client up to version 8; a speed is in knots',
    }),
    route({
      ...traccar,
      ...rawBody('A form, or the JSON of version 9'),
      method: 'POST',
      operationId: 'takeTraccar',
      summary: 'A position of Traccar Client of any version; a speed outside of JSON is in knots',
    }),
    route({
      ...shared,
      ...rawBody('A message of OwnTracks', ['application/json']),
      method: 'POST',
      path: '/devices/:secret/owntracks',
      operationId: 'takeOwnTracks',
      summary: 'A message of OwnTracks in its HTTP mode, sealed if the device has a passphrase',
      ownQuery: true,
      responses: {
        200: {
          description: 'Taken, or never to be used; nothing is sent to the phone',
          schema: Type.Array(Type.Object({}), { maxItems: 0 }),
        },
      },
      handler: async request => {
        await take('owntracks', request)
        return { status: 200, body: [] }
      },
    }),
    route({
      ...neutral,
      method: 'GET',
      operationId: 'takePositionQuery',
      summary: 'A position in SI units, for GPSLogger, the OsmAnd app and scripts',
    }),
    route({
      ...neutral,
      ...rawBody('A form, a JSON object, or a list of JSON objects'),
      method: 'POST',
      operationId: 'takePosition',
      summary: 'One or several positions in SI units',
    }),
  ]
}

const none = new Uint8Array(0)
