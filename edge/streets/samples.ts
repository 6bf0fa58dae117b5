/**
 * Small archives of PMTiles, version 3, for tests: one tile that stands for every tile of the zooms
 * 0 to 14, written after the specification of the format.
 */
import { png } from '../uploads/samples.ts'

const headerBytes = 127
const zoomMax = 14
const noCompression = 1
/** A tile of each zoom: 1, 4, 16 and so on. */
const tiles = (4 ** (zoomMax + 1) - 1) / 3

/** A number as the format writes it: seven bits in a byte, the low ones first. */
function varint(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest % 128) + 128)
  }
}
const field = (number: number, bytes: readonly number[] | Uint8Array): number[] => [
  ...varint(number * 8 + 2),
  ...varint(bytes.length),
  ...bytes,
]
const whole = (number: number, value: number): number[] => [...varint(number * 8), ...varint(value)]
/** Twice the number, or twice its opposite less one: how a tile writes steps to both sides. */
const step = (value: number): number[] => varint(value < 0 ? -2 * value - 1 : 2 * value)

/** A tile of Mapbox's format with one polygon, which covers all of it, in a layer. */
function tileOf(layer: string): Uint8Array {
  const side = 4096
  const corners = [side, 0, 0, side, -side, 0].flatMap(step)
  const geometry = [9, ...step(0), ...step(0), 3 * 8 + 2, ...corners, 15]
  const feature = [...whole(3, 3), ...field(4, geometry)]
  const name = field(1, Buffer.from(layer))
  return Buffer.from(field(3, [...whole(15, 2), ...name, ...field(2, feature), ...whole(5, side)]))
}

/** An archive of shapes whose layer `water` is everywhere, or of a picture everywhere. */
export function archiveOf(kind: 'vector' | 'raster'): Buffer {
  const tile = kind === 'vector' ? tileOf('water') : png
  // One entry: from tile 0, for all tiles, so many bytes, from the beginning of the data.
  const directory = Buffer.from([1, 0, tiles, tile.length, 1].flatMap(value => varint(value)))
  const metadata = Buffer.from(
    JSON.stringify({
      attribution: '<a href="https://example.org/licence">© The <b>surveyors</b></a>',
      vector_layers: kind === 'vector' ? [{ id: 'water', fields: {} }] : undefined,
    }),
  )
  const header = Buffer.alloc(headerBytes)
  header.write('PMTiles', 0, 'latin1')
  header[7] = 3
  const metadataAt = headerBytes + directory.length
  const dataAt = metadataAt + metadata.length
  const sections = [
    [headerBytes, directory.length],
    [metadataAt, metadata.length],
    [dataAt, 0],
    [dataAt, tile.length],
    [tiles, 1],
  ].flat()
  for (const [at, value] of [...sections, 1].entries())
    header.writeBigUInt64LE(BigInt(value), 8 + 8 * at)
  header.set([1, noCompression, noCompression, kind === 'vector' ? 1 : 2, 0, zoomMax], 96)
  for (const [at, degrees] of [-180, -85, 180, 85].entries())
    header.writeInt32LE(degrees * 1e7, 102 + 4 * at)
  return Buffer.concat([header, directory, metadata, tile])
}
