/** A map on a canvas: it draws itself after a change, and reacts to fingers, wheel and keys. */
import { el } from '../shared/elements.ts'
import { listen } from './controls.ts'
import { drawGraticule, drawScaleBar } from './grid.ts'
import { Projection, type Place } from './projection.ts'
import { Outline } from './outline.ts'
import { say } from '../texts/index.ts'
import type { Credit } from './source.ts'
import { Streets } from './streets.ts'

/** Draws on a map. True asks for another frame, for a moving object. */
export type Draw = (context: CanvasRenderingContext2D, nowMs: number) => boolean

const buttonZoom = 1.6

interface Options {
  label: string
  picks?: boolean
  hint?: string
}

export class MapView extends Projection {
  /** Paints above the graticule. */
  draw: Draw = () => false
  /** Called with a place when somebody chooses one. */
  onPick: (place: Place) => void = () => undefined
  /** True after the user moved the map; it then does not follow by itself. */
  isTouched = false
  readonly #canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D
  readonly #streets: Streets
  readonly #outline = new Outline(() => this.redraw())
  readonly #observer: ResizeObserver
  readonly #closed = new AbortController()
  #isWaiting = false
  #colors: Record<string, string> = {}

  /**
   * `holder` is an element of the class `map`; screen readers read `label`. `hint` stands at a map
   * without streets, for a page whose people can do something about it.
   */
  constructor(holder: HTMLElement, { label, picks = false, hint }: Options) {
    super()
    const keys = say(picks ? 'map.keys_pick' : 'map.keys')
    this.#canvas = el('canvas', {
      tabindex: '0',
      role: 'img',
      class: picks ? 'picks' : null,
      'aria-label': `${label}. ${keys}`,
    })
    this.#context = this.#canvas.getContext('2d')!
    const zoomIn = () => this.userZoom(buttonZoom)
    const zoomOut = () => this.userZoom(1 / buttonZoom)
    holder.append(
      this.#canvas,
      el(
        'div',
        { class: 'zoom' },
        el('button', { type: 'button', 'aria-label': say('map.zoom_in'), onclick: zoomIn }, '+'),
        el('button', { type: 'button', 'aria-label': say('map.zoom_out'), onclick: zoomOut }, '−'),
      ),
    )
    this.#streets = new Streets({
      holder,
      color: name => this.color(name),
      redraw: () => this.redraw(),
      credited: credit => holder.append(attribution(credit)),
      without: reason => {
        const words = reason === 'none' ? hint : say('map.no_streets')
        if (words !== undefined) holder.append(el('p', { class: 'attribution' }, words))
      },
    })
    this.#observer = new ResizeObserver(() => this.#resize(holder))
    this.#observer.observe(holder)
    matchMedia('(prefers-color-scheme: dark)').addEventListener(
      'change',
      () => {
        this.#colors = {}
        this.#streets.recolor()
        this.redraw()
      },
      { signal: this.#closed.signal },
    )
    listen(this.#canvas, this)
    this.#resize(holder)
  }

  /** Ends the listeners that would outlive the canvas, and draws no more. */
  close(): void {
    this.#observer.disconnect()
    this.#streets.close()
    this.#closed.abort()
  }

  /** A colour of the style sheet, such as `--driver`. */
  color(name: string): string {
    return (this.#colors[name] ??= getComputedStyle(this.#canvas).getPropertyValue(name).trim())
  }

  override fit(
    places: readonly Place[],
    options?: { paddingPx?: number; pixelsPerKmAtMost?: number },
  ): void {
    super.fit(places, options)
    this.redraw()
  }

  userZoom(factor: number, x?: number, y?: number): void {
    this.zoom(factor, x, y)
    this.isTouched = true
    this.redraw()
  }

  userPan(dx: number, dy: number): void {
    this.pan(dx, dy)
    this.isTouched = true
    this.redraw()
  }

  /** Draws at most once a frame, however often it is called. */
  redraw(): void {
    if (this.#isWaiting || this.#closed.signal.aborted) return
    this.#isWaiting = true
    requestAnimationFrame(nowMs => {
      this.#isWaiting = false
      this.#paint(nowMs)
    })
  }

  #resize(holder: HTMLElement): void {
    const { width, height } = holder.getBoundingClientRect()
    if (width === 0) return
    const ratio = devicePixelRatio || 1
    this.width = width
    this.height = height
    this.#canvas.width = Math.round(width * ratio)
    this.#canvas.height = Math.round(height * ratio)
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.redraw()
  }

  #paint(nowMs: number): void {
    const context = this.#context
    context.fillStyle = this.color('--map-ground')
    context.fillRect(0, 0, this.width, this.height)
    if (!this.#streets.draw(context, this)) {
      this.#outline.draw(context, this)
      drawGraticule(context, this)
    }
    if (this.draw(context, nowMs)) this.redraw()
    drawScaleBar(context, this)
  }
}

/** The owners of the streets, whose licence asks for the words at the map. */
const attribution = ({ attribution: words, attribution_url: address }: Credit): HTMLElement =>
  el(
    'p',
    { class: 'attribution' },
    address === null ? words : el('a', { href: address, rel: 'noopener', target: '_blank' }, words),
  )
