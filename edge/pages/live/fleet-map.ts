/** All vehicles on one map, each in the colour of its status, with the homes of open orders. */
import { Glide } from '../map/glide.ts'
import { drawCross } from '../map/marks.ts'
import { radians, type Place } from '../map/projection.ts'
import { MapView } from '../map/view.ts'
import type { Pharmacy } from '../shared/pharmacies.ts'
import type { MemberNews } from './city.ts'
import { lookOf } from './statuses.ts'

/** A driver as it is drawn. */
interface Drawn {
  status: string
  /** Null before the first position. */
  glide: Glide | null
  heardMs: number
  /** True for a driver drawn at the last known position, without a report of now. */
  isStill: boolean
}

const pharmacyArmPx = 4
/** Scale from which drivers are larger and show their direction. */
const nearPixelsPerKm = 25
/** Time without a report after which a driver is drawn faintly. */
const quietMs = 30_000
/** Length of the glow after each report, which makes the stream visible. */
const glowMs = 600
/** Time after the first drivers in which the map still adjusts its view to the others. */
const framingMs = 1_500
const outsidePx = 20
const homePx = 5
const ringPx = 14
/** Scale at which a chosen place is shown. */
const markedPixelsPerKm = 120

export class FleetMap {
  readonly #map: MapView
  readonly #drivers = new Map<string, Drawn>()
  #pharmacies: readonly Pharmacy[] = []
  #homes: readonly Place[] = []
  /** The vehicles that filters leave; null: all. */
  #chosen: ReadonlySet<string> | null = null
  #marked: Place | null = null
  #isFramed = false

  /** `holder` is an element of the class `map`. `hint` is shown when there are no streets. */
  constructor(holder: HTMLElement, label: string, hint: string) {
    this.#map = new MapView(holder, { label, hint })
    this.#map.draw = (context, nowMs) => this.#draw(context, nowMs)
  }

  /** As `close` of the map. */
  close(): void {
    this.#map.close()
  }

  /** The statuses of all drivers that are known. */
  get statuses(): readonly string[] {
    return [...this.#drivers.values()].map(({ status }) => status)
  }
  get seen(): number {
    return [...this.#drivers.values()].filter(({ glide }) => glide !== null).length
  }

  setPharmacies(pharmacies: readonly Pharmacy[]): void {
    this.#pharmacies = pharmacies
    this.#frame()
    this.#map.redraw()
  }

  /** What filters leave: homes of orders, and vehicles by id. */
  choose(homes: readonly Place[], vehicleIds: ReadonlySet<string>): void {
    this.#homes = homes
    this.#chosen = vehicleIds
    this.#map.redraw()
  }

  /** Puts a place in the middle, with a ring around it; a vehicle by its id. */
  mark(what: Place | string | null): void {
    const place = typeof what === 'string' ? (this.#drivers.get(what)?.glide ?? null) : what
    this.#marked = place
    if (place !== null) this.#map.fit([place], { pixelsPerKmAtMost: markedPixelsPerKm })
    this.#map.redraw()
  }

  clear(): void {
    this.#drivers.clear()
    this.#marked = null
    this.#isFramed = false
  }

  take({ driver_id, status, latitude, longitude, heading }: MemberNews, isReport: boolean): void {
    let driver = this.#drivers.get(driver_id)
    if (driver === undefined) {
      driver = { status, glide: null, heardMs: -Infinity, isStill: true }
      this.#drivers.set(driver_id, driver)
    }
    driver.status = status
    if (typeof latitude !== 'number' || typeof longitude !== 'number') return
    const nowMs = performance.now()
    const report = { latitude, longitude, heading: heading ?? null }
    if (driver.glide === null) driver.glide = new Glide(report)
    else driver.glide.report(report, nowMs)
    driver.heardMs = nowMs
    driver.isStill = !isReport
  }

  show(): void {
    if (!this.#isFramed) this.#frame()
    this.#map.redraw()
  }

  /**
   * Shows everything once there is something to show; after that the operator controls the view.
   */
  #frame(): void {
    const places = [...this.#drivers.values()].flatMap(({ glide }) =>
      glide === null ? [] : [glide.target],
    )
    if (places.length + this.#pharmacies.length === 0 || this.#map.isTouched) return
    this.#map.fit([...places, ...this.#pharmacies])
    if (places.length > 0)
      setTimeout(() => {
        if (this.#isFramed) return
        this.#isFramed = true
        this.#frame()
      }, framingMs)
  }

  #draw(context: CanvasRenderingContext2D, nowMs: number): boolean {
    for (const pharmacy of this.#pharmacies) drawCross(context, this.#map, pharmacy, pharmacyArmPx)
    context.fillStyle = this.#map.color('--dropoff')
    for (const home of this.#homes) {
      const [x, y] = this.#map.place(home)
      context.fillRect(x - homePx / 2, y - homePx / 2, homePx, homePx)
    }
    let isMoving = false
    for (const [id, driver] of this.#drivers)
      if (this.#chosen?.has(id) !== false && this.#drawDriver(context, driver, nowMs))
        isMoving = true
    context.globalAlpha = 1
    if (this.#marked !== null) {
      const [x, y] = this.#map.place(this.#marked)
      context.strokeStyle = this.#map.color('--map-ink')
      context.lineWidth = 2
      context.beginPath()
      context.arc(x, y, ringPx, 0, 2 * Math.PI)
      context.stroke()
    }
    return isMoving
  }

  /** True while the driver still moves or glows. */
  #drawDriver(context: CanvasRenderingContext2D, driver: Drawn, nowMs: number): boolean {
    const { glide, heardMs } = driver
    if (glide === null) return false
    let isMoving = glide.moveTo(nowMs)
    const [x, y] = this.#map.place(glide)
    const isInside = (at: number, end: number): boolean => at >= -outsidePx && at <= end + outsidePx
    if (!isInside(x, this.#map.width) || !isInside(y, this.#map.height)) return isMoving
    const isNear = this.#map.pixelsPerKm > nearPixelsPerKm
    const sizePx = isNear ? 5 : 3
    context.globalAlpha = nowMs - heardMs > quietMs ? 0.4 : 1
    context.fillStyle = context.strokeStyle = this.#map.color(lookOf(driver.status).color)
    if (isNear && glide.heading !== null) drawHeading(context, x, y, glide.heading)
    drawDot(context, x, y, sizePx)
    const glow = 1 - (nowMs - heardMs) / glowMs
    if (glow > 0 && !driver.isStill) {
      isMoving = true
      context.globalAlpha = 0.35 * glow
      drawDot(context, x, y, sizePx + 7 * (1 - glow) + 2)
    }
    return isMoving
  }
}

function drawDot(context: CanvasRenderingContext2D, x: number, y: number, sizePx: number): void {
  context.beginPath()
  context.arc(x, y, sizePx, 0, 2 * Math.PI)
  context.fill()
}

function drawHeading(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  headingDeg: number,
): void {
  const angle = radians(headingDeg)
  context.lineWidth = 2
  context.beginPath()
  context.moveTo(x, y)
  context.lineTo(x + Math.sin(angle) * 12, y - Math.cos(angle) * 12)
  context.stroke()
}
