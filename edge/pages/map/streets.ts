/**
 * Streets below everything else on a map: the raster tiles that the operator has set. A tile is a
 * square of the Mercator projection and is drawn into the rectangle of its corners in ours; within
 * one tile of a city the two differ by less than a pixel.
 *
 * Rejected: a library for maps. It would bring its own projection, fingers and keys, and our layers
 * would have to be written twice, for maps with streets and without.
 */
import type { Ground } from './grid.ts'
import { between, kmPerDegree, radians, wrapped, type Place } from './projection.ts'

interface Tiles {
  url: string
  attribution: string
  attribution_url: string | null
  max_zoom: number
}

const tilePx = 256
/** Pictures that are kept; a screen of four thousand pixels shows about 150. */
const picturesMax = 600
/** More tiles than this are a view of half the earth, and say nothing. */
const drawnMax = 300
const mercatorLatitudeMax = 85.05
const kmAround = 360 * kmPerDegree

let known: Promise<Tiles | null> | undefined

/** What the server says, asked once for all maps of the page; null without tiles or an answer. */
const tilesOfServer = (): Promise<Tiles | null> =>
  (known ??= fetch('/api/map')
    .then(async answer => ((await answer.json()) as { tiles: Tiles | null }).tiles)
    .catch(() => null))

/** The column or row of a place at a zoom, with its fraction. */
const columnOf = (longitude: number, zoom: number): number => ((longitude + 180) / 360) * 2 ** zoom
function rowOf(latitude: number, zoom: number): number {
  const angle = radians(between(latitude, -mercatorLatitudeMax, mercatorLatitudeMax))
  return ((1 - Math.asinh(Math.tan(angle)) / Math.PI) / 2) * 2 ** zoom
}
const longitudeOf = (column: number, zoom: number): number => (column / 2 ** zoom) * 360 - 180
const latitudeOf = (row: number, zoom: number): number =>
  (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / 2 ** zoom))) * 180) / Math.PI

/** The zoom whose tiles have about as many pixels as the map. */
function zoomOf({ center, pixelsPerKm }: Ground, zoomMax: number): number {
  const kmPerTileAtZero = kmAround * Math.max(0.05, Math.cos(radians(center.latitude)))
  return between(Math.round(Math.log2((kmPerTileAtZero * pixelsPerKm) / tilePx)), 0, zoomMax)
}

/** The streets of one map. */
export class Streets {
  readonly #redraw: () => void
  readonly #pictures = new Map<string, HTMLImageElement>()
  #tiles: Tiles | null = null

  /** `redraw` is called when a picture has come. `told` gets the words that must stand at the map. */
  constructor(redraw: () => void, told: (words: string, address: string | null) => void) {
    this.#redraw = redraw
    void tilesOfServer().then(tiles => {
      this.#tiles = tiles
      if (tiles === null) return
      told(tiles.attribution, tiles.attribution_url)
      redraw()
    })
  }

  /** True when streets are drawn; the lines of latitude and longitude are then in the way. */
  draw(context: CanvasRenderingContext2D, map: Ground): boolean {
    const tiles = this.#tiles
    if (tiles === null) return false
    const zoom = zoomOf(map, tiles.max_zoom)
    const [northWest, southEast] = [map.point(0, 0), map.point(map.width, map.height)]
    const first = Math.floor(columnOf(map.center.longitude - map.widthDegrees / 2, zoom))
    const last = Math.floor(columnOf(map.center.longitude + map.widthDegrees / 2, zoom))
    const top = Math.max(0, Math.floor(rowOf(northWest.latitude, zoom)))
    const bottom = Math.min(2 ** zoom - 1, Math.floor(rowOf(southEast.latitude, zoom)))
    if ((last - first + 1) * (bottom - top + 1) > drawnMax) return false
    for (let row = top; row <= bottom; row++)
      for (let column = first; column <= last; column++)
        this.#drawTile(context, map, tiles.url, zoom, column, row)
    return true
  }

  #drawTile(
    context: CanvasRenderingContext2D,
    map: Ground,
    url: string,
    zoom: number,
    column: number,
    row: number,
  ): void {
    const across = 2 ** zoom
    const own = ((column % across) + across) % across
    const address = url
      .replace('{z}', String(zoom))
      .replace('{x}', String(own))
      .replace('{y}', String(row))
    const picture = this.#picture(address)
    if (!picture.complete || picture.naturalWidth === 0) return
    const corner = (at: number, line: number): Place => ({
      latitude: latitudeOf(line, zoom),
      longitude: wrapped(longitudeOf(at, zoom)),
    })
    const [left, top] = map.place(corner(column, row))
    const [, bottom] = map.place(corner(column, row + 1))
    const wide = map.width / (map.widthDegrees / (360 / across))
    // Half a pixel more than the tile, so that no seam shows between two.
    context.drawImage(picture, left, top, wide + 0.5, bottom - top + 0.5)
  }

  #picture(address: string): HTMLImageElement {
    const known = this.#pictures.get(address)
    if (known !== undefined) return known
    const picture = new Image()
    picture.decoding = 'async'
    picture.addEventListener('load', () => this.#redraw())
    picture.src = address
    this.#pictures.set(address, picture)
    const [oldest] = this.#pictures.keys()
    if (this.#pictures.size > picturesMax) this.#pictures.delete(oldest!)
    return picture
  }
}
