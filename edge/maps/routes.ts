/**
 * Search of an address by people: `/api/places`. It asks the service of the operator, so it is not
 * asked at each key, and one account waits for its own search.
 */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Latitude, Longitude } from '../../protocol/kernel/schema.ts'
import { FairQueue } from '../accounts/fair-queue.ts'
import { roles } from '../kernel/identity.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject } from '../kernel/shapes.ts'
import { mapsLimits } from './limits.ts'
import type { WithMaps } from './port.ts'

/** The row of `/api/places`. */
export function mapsRoutes({ maps }: WithMaps): AnyRoute[] {
  const queue = new FairQueue(
    mapsLimits.searches,
    () => new CaduceusError('overloaded', 'too many addresses are looked up; try again'),
  )
  return [
    route({
      method: 'GET',
      path: '/api/places',
      operationId: 'findPlaces',
      summary:
        'The places that an address may mean, exact enough to deliver to; without `text` only whether this server can look addresses up',
      tags: ['places'],
      auth: roles,
      // Each look-up costs the operator.
      rate: 'upload',
      query: closedObject({
        text: Type.Optional(
          Type.String({
            minLength: 3,
            maxLength: 300,
            pattern: '\\S\\s*\\S\\s*\\S',
            'x-rule': 'must have three characters or more that are not blank',
          }),
        ),
      }),
      responses: {
        200: {
          description: 'The likeliest first; none for an address that is unknown or too vague',
          schema: Type.Object({
            available: Type.Boolean(),
            places: Type.Array(
              Type.Object({ address: Type.String(), latitude: Latitude, longitude: Longitude }),
            ),
          }),
        },
      },
      errors: ['geocoding_unavailable', 'geocoding_failed', 'overloaded'],
      handler: async ({ identity, query: { text } }) => ({
        status: 200,
        body: {
          available: maps.hasGeocoder,
          places: text === undefined ? [] : await queue.run(identity.userId, () => maps.find(text)),
        },
      }),
    }),
  ]
}
