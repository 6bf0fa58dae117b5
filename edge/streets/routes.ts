/** `/api/map`: the streets of the pages' maps, and an outline for maps without any. */
import Type from 'typebox'
import type { WithConfig } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { nullable } from '../kernel/shapes.ts'
import { CompressedBody } from '../http/compression.ts'
import type { StreetsConfig } from './config.ts'
import { worldOutline } from './outline.ts'

const TilesView = Type.Object({
  url: Type.String({ description: 'With {z}, {x} and {y}, as for any raster map' }),
  attribution: Type.String({ description: 'To show beside the map' }),
  attribution_url: nullable(Type.String()),
  max_zoom: Type.Integer(),
})

let outline: CompressedBody | undefined

/** The rows that a page asks when it draws a map. */
export const streetRoutes = ({ config }: WithConfig<StreetsConfig>): AnyRoute[] => [
  route({
    method: 'GET',
    path: '/api/map',
    operationId: 'getMap',
    summary: 'The tiles of the street map that the operator has set; null: there are none',
    tags: ['system'],
    auth: 'none',
    responses: {
      200: { description: 'The map', schema: Type.Object({ tiles: nullable(TilesView) }) },
    },
    handler: () => ({
      status: 200,
      headers: { 'cache-control': 'no-cache' },
      body: { tiles: config.tiles },
    }),
  }),
  route({
    method: 'GET',
    path: '/api/map/outline',
    operationId: 'getMapOutline',
    summary: 'The coasts and borders of the world, for maps without streets',
    tags: ['system'],
    auth: 'none',
    responses: {
      200: {
        description: 'Lines: longitude and latitude in turns, degrees',
        schema: Type.Object({ lines: Type.Array(Type.Array(Type.Number())) }),
      },
    },
    handler: ({ headers }) => {
      outline ??= new CompressedBody(Buffer.from(JSON.stringify({ lines: worldOutline() })))
      const given = outline.for(headers)
      return {
        status: 200,
        body: given.body,
        headers: {
          ...given.headers,
          'content-type': 'application/json; charset=utf-8',
          'cache-control': 'public, max-age=86400',
        },
      }
    },
  }),
]
