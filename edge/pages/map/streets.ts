/**
 * Streets below everything else on a map, from what the operator has: pictures are drawn by our
 * canvas, shapes by a library below it. ADR 66 gives the reasons.
 */
import { openArchive } from './archive.ts'
import type { Ground } from './grid.ts'
import { Pictures } from './pictures.ts'
import { Shapes } from './shapes.ts'
import { sourceOfServer, type Archive, type Credit, type MapSource } from './source.ts'

/** What the streets need of their map. */
interface Above {
  readonly holder: HTMLElement
  color(name: string): string
  redraw(): void
  /** Gets the words that must stand at the map. */
  credited(credit: Credit): void
  /** Called when the map has no streets: the operator has none, or this browser cannot draw them. */
  without(reason: 'none' | 'browser'): void
}

/** The streets of one map. */
export class Streets {
  #drawn: Pictures | Shapes | null = null
  #isClosed = false

  constructor(above: Above) {
    void sourceOfServer()
      .then(source => this.#open(source, above))
      // What did not load leaves the outline of the world.
      .catch(() => above.without('browser'))
  }

  async #open({ tiles, style = null, archive = null }: MapSource, above: Above): Promise<void> {
    const given = tiles ?? style ?? archive
    if (given === null) return above.without('none')
    const redraw = () => above.redraw()
    let drawn: Pictures | Shapes | null
    if (tiles !== null) {
      const { url, max_zoom } = tiles
      const address = (zoom: number, column: number, row: number): string =>
        url.replace('{z}', String(zoom)).replace('{x}', String(column)).replace('{y}', String(row))
      drawn = new Pictures(redraw, async (...tile) => address(...tile), [0, max_zoom])
    } else if (archive?.kind === 'raster') drawn = await picturesOf(archive, redraw)
    else drawn = await Shapes.open((style ?? archive)!, above)
    if (drawn === null) return above.without('browser')
    if (this.#isClosed) {
      if (drawn instanceof Shapes) drawn.close()
      return
    }
    this.#drawn = drawn
    const own = drawn instanceof Shapes ? drawn.credit : null
    above.credited(own ?? given)
    redraw()
  }

  /** True when streets are drawn; the lines of latitude and longitude are then in the way. */
  draw(context: CanvasRenderingContext2D, map: Ground): boolean {
    return this.#drawn?.draw(context, map) ?? false
  }

  /** The page has other colours now. */
  recolor(): void {
    if (this.#drawn instanceof Shapes) this.#drawn.recolor()
  }

  close(): void {
    this.#isClosed = true
    if (this.#drawn instanceof Shapes) this.#drawn.close()
    this.#drawn = null
  }
}

async function picturesOf(archive: Archive, redraw: () => void): Promise<Pictures> {
  const { url, min_zoom, max_zoom } = archive
  const file = await openArchive(url)
  return new Pictures(
    redraw,
    async (zoom, column, row) => {
      const tile = await file.getZxy(zoom, column, row)
      return tile === undefined ? null : URL.createObjectURL(new Blob([tile.data]))
    },
    [min_zoom, max_zoom],
  )
}
