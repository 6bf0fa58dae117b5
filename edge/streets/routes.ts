/** `/api/map`: the streets of the pages' maps, and an outline for maps without any. */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { WithConfig } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { nullable } from '../kernel/shapes.ts'
import { CompressedBody } from '../http/compression.ts'
import { archiveAnswer, partBytesMax } from './archive.ts'
import type { StreetsConfig } from './config.ts'
import { worldOutline } from './outline.ts'

const credit = {
  attribution: Type.String({ description: 'To show beside the map' }),
  attribution_url: nullable(Type.String()),
}
const MapView = Type.Object({
  tiles: nullable(
    Type.Object({
      url: Type.String({ description: 'With {z}, {x} and {y}, as for any raster map' }),
      ...credit,
      max_zoom: Type.Integer(),
    }),
  ),
  style: nullable(
    Type.Object({
      url: Type.String({ description: 'A style of MapLibre' }),
      ...credit,
    }),
  ),
  archive: nullable(
    Type.Object({
      url: Type.String({ description: 'A file of PMTiles, version 3, that is read by parts' }),
      kind: Type.Enum(['raster', 'vector']),
      ...credit,
      min_zoom: Type.Integer(),
      max_zoom: Type.Integer(),
    }),
  ),
})
const archivePath = '/api/map/archive'

let outline: CompressedBody | undefined

/** The rows that a page asks when it draws a map. */
export const streetRoutes = ({ config }: WithConfig<StreetsConfig>): AnyRoute[] => [
  route({
    method: 'GET',
    path: '/api/map',
    operationId: 'getMap',
    summary:
      'Where the streets of a map come from, as the operator has set it: at most one of three, and all null without streets',
    tags: ['system'],
    auth: 'none',
    responses: {
      200: { description: 'The map', schema: MapView },
    },
    handler() {
      const { tiles, style, archive } = config
      const { path: _path, ...shown } = archive ?? { path: '' }
      return {
        status: 200,
        headers: { 'cache-control': 'no-cache' },
        body: { tiles, style, archive: archive && { url: archivePath, ...shown } },
      }
    },
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
  route({
    method: 'GET',
    path: archivePath,
    operationId: 'getMapArchive',
    summary: `The file of the street map, whole or a part of it (Range); a part has at most ${partBytesMax} bytes, and \`Content-Range\` says which`,
    tags: ['system'],
    auth: 'none',
    // A map asks for a part for each tile that it shows.
    rate: 'read',
    headerParameters: {
      range: { required: false, description: 'One part, such as bytes=0-16383' },
      'if-range': { required: false, description: 'The ETag of the file that the client has' },
    },
    responses: {
      200: { description: 'The file', contentType: 'application/octet-stream' },
      206: { description: 'The part', contentType: 'application/octet-stream' },
      304: { description: 'The file is the one that the client has' },
      416: { description: 'The file ends before the part' },
    },
    errors: ['not_found', 'unavailable'],
    handler({ headers }) {
      if (config.archive === null) throw new CaduceusError('not_found', 'the map has no streets')
      return archiveAnswer(config.archive.path, headers)
    },
  }),
]
