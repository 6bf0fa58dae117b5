/**
 * Streets as pictures. A tile is a square of our own projection, so it needs no library to be drawn,
 * and no graphics card.
 */
import type { Ground } from './grid.ts'
import {
  between,
  columnOf,
  latitudeOf,
  longitudeOf,
  rowOf,
  wrapped,
  type Place,
} from './projection.ts'

/** The address of a picture; null where there is none. */
export type AddressOf = (zoom: number, column: number, row: number) => Promise<string | null>

const tilePx = 256
/** Pictures that are kept; a screen of four thousand pixels shows about 150. */
const picturesMax = 600
/** More tiles than this are a view of half the earth, and say nothing. */
const drawnMax = 300

export class Pictures {
  readonly #redraw: () => void
  readonly #addressOf: AddressOf
  readonly #zooms: readonly [min: number, max: number]
  readonly #pictures = new Map<string, HTMLImageElement>()

  /** `redraw` is called when a picture has come. */
  constructor(redraw: () => void, addressOf: AddressOf, zooms: readonly [number, number]) {
    this.#redraw = redraw
    this.#addressOf = addressOf
    this.#zooms = zooms
  }

  /** True when streets are drawn. */
  draw(context: CanvasRenderingContext2D, map: Ground): boolean {
    // The zoom whose tiles have about as many pixels as the map.
    const zoom = between(Math.round(Math.log2(map.worldPx / tilePx)), ...this.#zooms)
    const [northWest, southEast] = [map.point(0, 0), map.point(map.width, map.height)]
    const first = Math.floor(columnOf(map.center.longitude - map.widthDegrees / 2, zoom))
    const last = Math.floor(columnOf(map.center.longitude + map.widthDegrees / 2, zoom))
    const top = Math.max(0, Math.floor(rowOf(northWest.latitude, zoom)))
    const bottom = Math.min(2 ** zoom - 1, Math.floor(rowOf(southEast.latitude, zoom)))
    if ((last - first + 1) * (bottom - top + 1) > drawnMax) return false
    for (let row = top; row <= bottom; row++)
      for (let column = first; column <= last; column++)
        this.#drawTile(context, map, zoom, column, row)
    return true
  }

  #drawTile(
    context: CanvasRenderingContext2D,
    map: Ground,
    zoom: number,
    column: number,
    row: number,
  ): void {
    const across = 2 ** zoom
    const picture = this.#picture(zoom, ((column % across) + across) % across, row)
    if (!picture.complete || picture.naturalWidth === 0) return
    const corner: Place = {
      latitude: latitudeOf(row, zoom),
      longitude: wrapped(longitudeOf(column, zoom)),
    }
    const [left, top] = map.place(corner)
    const sidePx = map.worldPx / across
    // Half a pixel more than the tile, so that no seam shows between two.
    context.drawImage(picture, left, top, sidePx + 0.5, sidePx + 0.5)
  }

  #picture(zoom: number, column: number, row: number): HTMLImageElement {
    const key = `${zoom}/${column}/${row}`
    const known = this.#pictures.get(key)
    if (known !== undefined) return known
    const picture = new Image()
    picture.decoding = 'async'
    picture.addEventListener('load', () => this.#redraw())
    this.#addressOf(zoom, column, row).then(
      address => {
        if (address !== null) picture.src = address
      },
      // A part of the map that does not come is asked for again when it is next drawn.
      () => this.#pictures.delete(key),
    )
    this.#pictures.set(key, picture)
    const [oldest] = this.#pictures.keys()
    if (this.#pictures.size > picturesMax) this.#forget(oldest!)
    return picture
  }

  #forget(key: string): void {
    const { src } = this.#pictures.get(key)!
    if (src.startsWith('blob:')) URL.revokeObjectURL(src)
    this.#pictures.delete(key)
  }
}
