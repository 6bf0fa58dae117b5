/**
 * A map without tiles: a plain equirectangular projection about its centre, with a graticule and a
 * scale bar. Within a city that is true to about a thousandth, and it needs nobody else's server.
 */
import { el } from './app.js'

const kmPerDegree = 111.195
const radians = degrees => (degrees * Math.PI) / 180
const wrapped = degrees => ((degrees + 540) % 360) - 180
const between = (value, min, max) => Math.min(max, Math.max(min, value))

export function distanceKm(a, b) {
  const [p, q] = [radians(a.latitude), radians(b.latitude)]
  const s =
    Math.sin((q - p) / 2) ** 2 +
    Math.cos(p) * Math.cos(q) * Math.sin(radians(b.longitude - a.longitude) / 2) ** 2
  return 2 * 6371.0088 * Math.asin(Math.min(1, Math.sqrt(s)))
}

/** 1, 2 or 5 times a power of ten, the smallest that is not below. */
function niceAbove(value) {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map(n => n * power).find(n => n >= value * 0.9999)
}

const pixelsPerKmMin = 0.02
const pixelsPerKmMax = 4_000

export class CanvasMap {
  center = { latitude: 27.7172, longitude: 85.324 }
  pixelsPerKm = 60
  /** `draw(context, map, nowMs)` paints above the graticule; true asks for another frame. */
  draw = () => false
  /** Called with a point when somebody chooses one. */
  onPick = null
  /** The user moved the map: from now on it does not follow by itself. */
  touched = false
  #canvas
  #context
  #waiting = false
  #width = 1
  #height = 1
  #colors = {}

  /** `holder` is a `.map`; `label` is what a screen reader hears. */
  constructor(holder, { label, picks = false }) {
    this.#canvas = el('canvas', {
      tabindex: '0',
      role: 'img',
      'aria-label': `${label}. Arrow keys move the map, plus and minus zoom${picks ? ', Enter chooses the middle' : ''}.`,
    })
    if (picks) this.#canvas.classList.add('picks')
    this.#context = this.#canvas.getContext('2d')
    holder.append(
      this.#canvas,
      el(
        'div',
        { class: 'zoom' },
        el(
          'button',
          { type: 'button', 'aria-label': 'Zoom in', onclick: () => this.zoom(1.6) },
          '+',
        ),
        el(
          'button',
          { type: 'button', 'aria-label': 'Zoom out', onclick: () => this.zoom(1 / 1.6) },
          '−',
        ),
      ),
    )
    new ResizeObserver(() => this.#resize()).observe(holder)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#colors = {}
      this.redraw()
    })
    this.#listen()
    this.#resize()
  }

  get width() {
    return this.#width
  }
  get height() {
    return this.#height
  }

  /** A colour of the style sheet, such as `--driver`. */
  color(name) {
    return (this.#colors[name] ??= getComputedStyle(this.#canvas).getPropertyValue(name).trim())
  }

  /** Where a point is drawn, as [x, y]. */
  place(latitude, longitude) {
    const k = this.pixelsPerKm * kmPerDegree
    return [
      this.#width / 2 +
        wrapped(longitude - this.center.longitude) * Math.cos(radians(this.center.latitude)) * k,
      this.#height / 2 - (latitude - this.center.latitude) * k,
    ]
  }

  /** The point under a pixel. */
  point(x, y) {
    const k = this.pixelsPerKm * kmPerDegree
    return {
      latitude: between(this.center.latitude - (y - this.#height / 2) / k, -90, 90),
      longitude: wrapped(
        this.center.longitude +
          (x - this.#width / 2) / (k * Math.max(0.01, Math.cos(radians(this.center.latitude)))),
      ),
    }
  }

  /** Shows all of the points, with room around them. */
  fit(points, { paddingPx = 60, pixelsPerKmAtMost = 400 } = {}) {
    if (points.length === 0) return
    const first = points[0].longitude
    const latitudes = points.map(p => p.latitude)
    const longitudes = points.map(p => wrapped(p.longitude - first))
    const [south, north, west, east] = [
      Math.min(...latitudes),
      Math.max(...latitudes),
      Math.min(...longitudes),
      Math.max(...longitudes),
    ]
    this.center = { latitude: (south + north) / 2, longitude: wrapped(first + (west + east) / 2) }
    const highKm = Math.max(0.05, (north - south) * kmPerDegree)
    const wideKm = Math.max(
      0.05,
      (east - west) * kmPerDegree * Math.cos(radians(this.center.latitude)),
    )
    const wanted = Math.min(
      (this.#width - 2 * paddingPx) / wideKm,
      (this.#height - 2 * paddingPx) / highKm,
    )
    this.pixelsPerKm = between(wanted, pixelsPerKmMin, pixelsPerKmAtMost)
    this.redraw()
  }

  zoom(factor, x = this.#width / 2, y = this.#height / 2) {
    const before = this.point(x, y)
    this.pixelsPerKm = between(this.pixelsPerKm * factor, pixelsPerKmMin, pixelsPerKmMax)
    const after = this.point(x, y)
    this.center = {
      latitude: between(this.center.latitude + before.latitude - after.latitude, -89, 89),
      longitude: wrapped(this.center.longitude + wrapped(before.longitude - after.longitude)),
    }
    this.touched = true
    this.redraw()
  }

  pan(dx, dy) {
    const moved = this.point(this.#width / 2 - dx, this.#height / 2 - dy)
    this.center = { latitude: between(moved.latitude, -89, 89), longitude: moved.longitude }
    this.touched = true
    this.redraw()
  }

  /** At most once a frame, however often it is asked for. */
  redraw() {
    if (this.#waiting) return
    this.#waiting = true
    requestAnimationFrame(nowMs => {
      this.#waiting = false
      this.#paint(nowMs)
    })
  }

  #resize() {
    const box = this.#canvas.parentElement.getBoundingClientRect()
    if (box.width === 0) return
    const ratio = devicePixelRatio || 1
    this.#width = box.width
    this.#height = box.height
    this.#canvas.width = Math.round(box.width * ratio)
    this.#canvas.height = Math.round(box.height * ratio)
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.redraw()
  }

  #paint(nowMs) {
    const context = this.#context
    context.fillStyle = this.color('--map-ground')
    context.fillRect(0, 0, this.#width, this.#height)
    this.#graticule(context)
    if (this.draw(context, this, nowMs)) this.redraw()
    this.#scaleBar(context)
  }

  #graticule(context) {
    const step = niceAbove(110 / (this.pixelsPerKm * kmPerDegree))
    const digits = Math.max(0, Math.ceil(-Math.log10(step)))
    const corner = this.point(0, this.#height)
    const far = this.point(this.#width, 0)
    const wide =
      this.#width /
      (this.pixelsPerKm * kmPerDegree * Math.max(0.01, Math.cos(radians(this.center.latitude))))
    const labels = []
    context.lineWidth = 1
    context.strokeStyle = this.color('--map-line')
    context.beginPath()
    for (let i = Math.ceil(corner.latitude / step); i * step <= far.latitude; i++) {
      const y = Math.round(this.place(i * step, this.center.longitude)[1]) + 0.5
      context.moveTo(0, y)
      context.lineTo(this.#width, y)
      if (y > 30 && y < this.#height - 40)
        labels.push([`${Math.abs(i * step).toFixed(digits)}° ${i < 0 ? 'S' : 'N'}`, 6, y - 3])
    }
    for (
      let i = Math.ceil(corner.longitude / step);
      i * step <= corner.longitude + Math.min(360, wide);
      i++
    ) {
      const longitude = wrapped(i * step)
      const x = Math.round(((i * step - corner.longitude) / wide) * this.#width) + 0.5
      context.moveTo(x, 0)
      context.lineTo(x, this.#height)
      if (x > 70 && x < this.#width - 60)
        labels.push([
          `${Math.abs(longitude).toFixed(digits)}° ${longitude < 0 ? 'W' : 'E'}`,
          x + 4,
          this.#height - 6,
        ])
    }
    context.stroke()
    context.fillStyle = this.color('--map-text')
    context.strokeStyle = this.color('--map-ground')
    context.lineWidth = 3
    context.font = '11px system-ui, sans-serif'
    context.textAlign = 'left'
    context.textBaseline = 'bottom'
    for (const [text, x, y] of labels) {
      context.strokeText(text, x, y)
      context.fillText(text, x, y)
    }
  }

  #scaleBar(context) {
    const km = niceAbove(60 / this.pixelsPerKm)
    const wide = km * this.pixelsPerKm
    const [x, y] = [this.#width - wide - 14, this.#height - 28]
    context.strokeStyle = context.fillStyle = this.color('--map-ink')
    context.lineWidth = 1.5
    context.beginPath()
    context.moveTo(x, y - 5)
    context.lineTo(x, y)
    context.lineTo(x + wide, y)
    context.lineTo(x + wide, y - 5)
    context.stroke()
    context.font = '600 11px system-ui, sans-serif'
    context.textAlign = 'center'
    context.textBaseline = 'bottom'
    context.fillText(km < 1 ? `${Math.round(km * 1000)} m` : `${km} km`, x + wide / 2, y - 5)
  }

  #listen() {
    const canvas = this.#canvas
    const fingers = new Map()
    let travelled = 0
    const at = event => ({ x: event.offsetX, y: event.offsetY })
    canvas.addEventListener('pointerdown', event => {
      canvas.setPointerCapture(event.pointerId)
      fingers.set(event.pointerId, at(event))
      if (fingers.size === 1) travelled = 0
    })
    canvas.addEventListener('pointermove', event => {
      const before = fingers.get(event.pointerId)
      if (before === undefined) return
      const now = at(event)
      travelled += Math.hypot(now.x - before.x, now.y - before.y)
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1]
      fingers.set(event.pointerId, now)
      if (other !== undefined)
        this.zoom(
          Math.hypot(now.x - other.x, now.y - other.y) /
            Math.max(1, Math.hypot(before.x - other.x, before.y - other.y)),
          other.x,
          other.y,
        )
      else if (travelled > 4) this.pan(now.x - before.x, now.y - before.y)
    })
    canvas.addEventListener('pointerup', event => {
      const { x, y } = at(event)
      if (fingers.size === 1 && travelled <= 4) this.onPick?.(this.point(x, y))
      fingers.delete(event.pointerId)
    })
    canvas.addEventListener('pointercancel', event => fingers.delete(event.pointerId))
    canvas.addEventListener(
      'wheel',
      event => {
        event.preventDefault()
        this.zoom(Math.exp(-event.deltaY * 0.002), event.offsetX, event.offsetY)
      },
      { passive: false },
    )
    canvas.addEventListener('keydown', event => {
      const step = 60
      const act = {
        ArrowLeft: () => this.pan(step, 0),
        ArrowRight: () => this.pan(-step, 0),
        ArrowUp: () => this.pan(0, step),
        ArrowDown: () => this.pan(0, -step),
        '+': () => this.zoom(1.4),
        '=': () => this.zoom(1.4),
        '-': () => this.zoom(1 / 1.4),
        Enter: () => this.onPick?.(this.center),
      }[event.key]
      if (act === undefined) return
      event.preventDefault()
      act()
    })
  }
}

function drawName(context, map, name, x, y) {
  if (name === '') return
  context.font = '600 12px system-ui, sans-serif'
  context.textAlign = 'center'
  context.textBaseline = 'top'
  context.lineWidth = 4
  context.strokeStyle = map.color('--map-ground')
  context.strokeText(name, x, y)
  context.fillStyle = map.color('--map-ink')
  context.fillText(name, x, y)
}

/** A pharmacy's cross, a home or a dot, with its name below. */
export function drawPin(context, map, point, { color, label = '', shape = 'dot' }) {
  const [x, y] = map.place(point.latitude, point.longitude)
  context.fillStyle = map.color(color)
  context.strokeStyle = map.color('--map-ground')
  context.lineWidth = 2.5
  context.beginPath()
  if (shape === 'cross') {
    context.roundRect(x - 8, y - 8, 16, 16, 4)
    context.fill()
    context.stroke()
    context.fillStyle = map.color('--map-ground')
    context.fillRect(x - 1.5, y - 5, 3, 10)
    context.fillRect(x - 5, y - 1.5, 10, 3)
  } else if (shape === 'home') {
    context.moveTo(x, y)
    context.bezierCurveTo(x - 4, y - 8, x - 9, y - 10, x - 9, y - 16)
    context.arc(x, y - 16, 9, Math.PI, 0)
    context.bezierCurveTo(x + 9, y - 10, x + 4, y - 8, x, y)
    context.fill()
    context.stroke()
    context.fillStyle = map.color('--map-ground')
    context.beginPath()
    context.arc(x, y - 16, 3.2, 0, 7)
    context.fill()
  } else {
    context.arc(x, y, 7, 0, 7)
    context.fill()
    context.stroke()
  }
  drawName(context, map, label, x, y + 11)
}

/** A driver: an arrow head when the direction is known, pulsing so that the eye finds it. */
export function drawDriver(context, map, shown, nowMs, label = '') {
  const [x, y] = map.place(shown.latitude, shown.longitude)
  const pulse = (nowMs % 1800) / 1800
  context.fillStyle = map.color('--driver')
  context.globalAlpha = 0.35 * (1 - pulse)
  context.beginPath()
  context.arc(x, y, 10 + 16 * pulse, 0, 7)
  context.fill()
  context.globalAlpha = 1
  context.save()
  context.translate(x, y)
  context.strokeStyle = map.color('--map-ground')
  context.lineWidth = 2.5
  context.beginPath()
  if (typeof shown.heading === 'number') {
    context.rotate(radians(shown.heading))
    context.moveTo(0, -13)
    context.lineTo(9, 10)
    context.lineTo(0, 5)
    context.lineTo(-9, 10)
    context.closePath()
  } else context.arc(0, 0, 9, 0, 7)
  context.fill()
  context.stroke()
  context.restore()
  drawName(context, map, label, x, y + 15)
}

/** The radius of a search on the ground. */
export function drawCircle(context, map, point, radiusKm) {
  const [x, y] = map.place(point.latitude, point.longitude)
  context.beginPath()
  context.arc(x, y, radiusKm * map.pixelsPerKm, 0, 7)
  context.fillStyle = map.color('--accent')
  context.globalAlpha = 0.08
  context.fill()
  context.globalAlpha = 0.8
  context.lineWidth = 1.5
  context.setLineDash([6, 5])
  context.strokeStyle = map.color('--accent')
  context.stroke()
  context.setLineDash([])
  context.globalAlpha = 1
}

const still = matchMedia('(prefers-reduced-motion: reduce)')
/** Further than this between two reports is a jump, and drawn as one. */
const jumpKm = 2

/** A position that glides from report to report over the time that lay between them. */
export class Gliding {
  latitude
  longitude
  heading
  #from
  #to
  #startMs = 0
  #tookMs = 0
  #heardMs = null

  constructor(report) {
    this.#from = this.#to = report
    Object.assign(this, {
      latitude: report.latitude,
      longitude: report.longitude,
      heading: report.heading,
    })
  }

  /** The last report, where it really is. */
  get target() {
    return this.#to
  }

  report(to, nowMs = performance.now()) {
    this.at(nowMs)
    this.#from = { latitude: this.latitude, longitude: this.longitude }
    // Until the next report is due, by the rhythm so far: never ahead of the truth, and not long behind it.
    this.#tookMs =
      this.#heardMs === null || still.matches || distanceKm(this.#from, to) > jumpKm
        ? 0
        : between(nowMs - this.#heardMs, 100, 2_000)
    this.#heardMs = this.#startMs = nowMs
    this.#to = to
    this.heading = to.heading
  }

  /** Moves to where it is now; false once it has arrived. */
  at(nowMs) {
    const share = this.#tookMs === 0 ? 1 : between((nowMs - this.#startMs) / this.#tookMs, 0, 1)
    this.latitude = this.#from.latitude + (this.#to.latitude - this.#from.latitude) * share
    this.longitude =
      this.#from.longitude + wrapped(this.#to.longitude - this.#from.longitude) * share
    return share < 1
  }
}
