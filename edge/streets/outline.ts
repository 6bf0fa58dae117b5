/**
 * The borders and coasts of the world (Natural Earth, in the public domain), for maps without streets.
 * They are made from the package once, when somebody first asks.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { mesh } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'

const specifier = 'world-atlas/countries-110m.json'
/** Hundredths of a degree are a kilometre, and the outline is drawn for hundreds of them. */
const decimals = 2

type World = Topology<{ countries: GeometryCollection }>

/** Lines of longitude and latitude in turns, degrees. */
export function worldOutline(): number[][] {
  const file = fileURLToPath(import.meta.resolve(specifier))
  const world = JSON.parse(readFileSync(file, 'utf8')) as World
  const round = (degrees: number): number => Number(degrees.toFixed(decimals))
  return mesh(world, world.objects.countries).coordinates.map(line =>
    line.flatMap(([longitude, latitude]) => [round(longitude!), round(latitude!)]),
  )
}
