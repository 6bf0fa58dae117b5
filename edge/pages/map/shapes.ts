/**
 * Streets as shapes, drawn by MapLibre below our canvas. It has no fingers, keys or marks of its
 * own: the canvas above keeps them, and moves it along. It is loaded when a map needs it, and its
 * worker is a file of this server, so the policy of the page stays as it is.
 */
import type { Map as Library, StyleSpecification } from 'maplibre-gl'
import { language } from '../texts/index.ts'
import { openArchive } from './archive.ts'
import type { Ground } from './grid.ts'
import { rowOf } from './projection.ts'
import type { Archive, Credit, Style } from './source.ts'
import { styleOf } from './style.ts'

/** Side of a tile in the reckoning of the library. */
const tilePx = 512
const zoomMin = -2
const zoomMax = 22

/** What this module needs of the map above. */
interface Above {
  readonly holder: HTMLElement
  color(name: string): string
  redraw(): void
}

/** True where this browser can draw shapes. */
function hasWebGl(): boolean {
  const context = document.createElement('canvas').getContext('webgl2')
  context?.getExtension('WEBGL_lose_context')?.loseContext()
  return context !== null
}

export class Shapes {
  readonly #map: Library
  readonly #box: HTMLElement
  readonly #styleNow: (() => StyleSpecification) | null

  private constructor(map: Library, box: HTMLElement, styleNow: (() => StyleSpecification) | null) {
    this.#map = map
    this.#box = box
    this.#styleNow = styleNow
  }

  /** Null where the browser cannot draw them or the style does not come. */
  static async open(source: Style | Archive, above: Above): Promise<Shapes | null> {
    if (!hasWebGl()) return null
    const [library, styleNow] = await Promise.all([
      import('maplibre-gl'),
      'kind' in source ? styleOfArchive(source, above) : null,
    ])
    library.setWorkerUrl(import.meta.resolve('maplibre-gl/dist/maplibre-gl-worker.mjs'))
    if (styleNow !== null) {
      const { Protocol } = await import('pmtiles')
      library.addProtocol('pmtiles', new Protocol({ metadata: true }).tile)
    }
    const box = document.createElement('div')
    box.className = 'shapes'
    box.inert = true
    above.holder.prepend(box)
    const map = new library.Map({
      container: box,
      style: styleNow === null ? source.url : styleNow(),
      interactive: false,
      attributionControl: false,
      fadeDuration: 0,
      minZoom: zoomMin,
      maxZoom: zoomMax,
    })
    const isThere = await new Promise<boolean>(resolve => {
      map.once('load', () => resolve(true))
      // After the style has come, a tile that does not come leaves a gap, and no more.
      map.on('error', () => {
        if (!map.isStyleLoaded()) resolve(false)
      })
    })
    if (isThere) return new Shapes(map, box, styleNow)
    map.remove()
    box.remove()
    return null
  }

  /** True when streets are drawn; the canvas above is then clear. */
  draw(context: CanvasRenderingContext2D, map: Ground): boolean {
    const { worldPx, center } = map
    const up = rowOf(center.latitude, 0) * worldPx
    // A view beyond the ends of the world would be moved by the library.
    const isWithin = up >= map.height / 2 && worldPx - up >= map.height / 2
    this.#box.hidden = !isWithin
    if (!isWithin) return false
    this.#map.jumpTo({
      center: [center.longitude, center.latitude],
      zoom: Math.log2(worldPx / tilePx),
    })
    // In the same frame as the marks above.
    this.#map.redraw()
    context.clearRect(0, 0, map.width, map.height)
    return true
  }

  /** Takes the colours of the page anew. A style of the operator keeps its own. */
  recolor(): void {
    if (this.#styleNow !== null) this.#map.setStyle(this.#styleNow())
  }

  /** The words of the owners that the style or the file names; null: it names none. */
  get credit(): Credit | null {
    const words = Object.keys(this.#map.getStyle().sources)
      .map(id => this.#map.getSource(id)?.attribution ?? '')
      .filter(text => text !== '')
    return words.length === 0 ? null : creditOf(words.join(' '))
  }

  close(): void {
    this.#map.remove()
  }
}

/** Of the markup that such files have, the words and the first address are taken. */
function creditOf(markup: string): Credit {
  const { body } = new DOMParser().parseFromString(markup, 'text/html')
  const address = body.querySelector('a')?.href ?? ''
  return {
    attribution: body.textContent.trim(),
    attribution_url: /^https?:/.test(address) ? address : null,
  }
}

/** The style of an archive in the colours that the page has when it is called. */
async function styleOfArchive(
  { url }: Archive,
  { color }: Above,
): Promise<() => StyleSpecification> {
  const archive = await openArchive(url)
  const { vector_layers = [] } = (await archive.getMetadata()) as {
    vector_layers?: readonly { id: string }[]
  }
  const layers = new Set(vector_layers.map(({ id }) => id))
  const address = `pmtiles://${new URL(url, location.href).href}`
  return () => styleOf(address, layers, color, language.value)
}
