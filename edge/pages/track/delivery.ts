/** One delivery for its follower: its status in words and steps, and the position of the driver. */
import type { LocationMessage, TrackingStateMessage } from '../../../protocol/client/index.ts'
import { hasEnded, statusTable, type OrderStatus } from '../../../protocol/orders/statuses.ts'
import { Glide, type Report } from '../map/glide.ts'
import { drawDriver, drawHome, drawPharmacy } from '../map/marks.ts'
import type { Place } from '../map/projection.ts'
import { MapView } from '../map/view.ts'
import { byId, setText } from '../shared/elements.ts'
import { kilometres, minutes } from '../shared/quantities.ts'
import { stepItems } from './steps.ts'
import type { TrackedOrder } from './tracked-order.ts'

type State = Omit<TrackingStateMessage, 'type'>

/** Age from which a position is marked as old. */
const staleMs = 60_000
const lookMs = 5_000

export class Delivery {
  readonly #onOver: () => void
  readonly #map = new MapView(byId('map'), { label: 'The way of the delivery' })
  #state: State | null = null
  #driver: Glide | null = null
  #seenAtMs: number | null = null

  /** `onOver` is called when nothing will change any more. */
  constructor(onOver: () => void) {
    this.#onOver = onOver
    this.#map.draw = (context, nowMs) => this.#draw(context, nowMs)
    setInterval(() => this.#showSeen(), lookMs)
  }

  show(state: State): void {
    const isFirst = this.#state === null
    const hadDriver = this.#driver !== null
    this.#state = state
    const order = state.order as TrackedOrder
    const { headline } = statusTable[order.status]
    setText(byId('number'), order.order_number)
    setText(byId('headline'), headline)
    document.title = `${headline} · Caduceus`
    setText(byId('subline'), peopleText(order))
    byId('steps').replaceChildren(...stepItems(order))
    const at = state.driver_location
    if (at === null) this.#driver = this.#seenAtMs = null
    else this.#moveDriver(at, at.last_update)
    this.#showFigures(state.eta_minutes, state.distance_km)
    if (isFirst || hadDriver !== (this.#driver !== null)) this.#frame()
    this.#map.redraw()
    if (hasEnded(order.status)) this.#onOver()
  }

  /** Shows the status alone, before the whole state comes. */
  showStatus(status: OrderStatus): void {
    if (this.#state === null) return
    this.show({ ...this.#state, order: { ...this.#state.order, status } })
  }

  move(message: LocationMessage): void {
    if (this.#state === null) return
    const isNew = this.#driver === null
    this.#moveDriver(message, message.at)
    this.#showFigures(message.eta_minutes, message.distance_km)
    if (isNew) this.#frame()
    this.#map.redraw()
  }

  get #order(): TrackedOrder | null {
    return (this.#state?.order ?? null) as TrackedOrder | null
  }

  #moveDriver(report: Report, at: string): void {
    this.#seenAtMs = Date.parse(at)
    if (this.#driver === null) this.#driver = new Glide(report)
    else this.#driver.report(report)
  }

  /**
   * Both figures are up to the delivery address; before the pick-up they include the way to the
   * pharmacy.
   */
  #showFigures(etaMinutes: number | null, km: number | null): void {
    byId('figures').hidden = this.#order !== null && hasEnded(this.#order.status)
    setText(byId('eta'), minutes(etaMinutes))
    setText(byId('distance'), kilometres(km))
    this.#showSeen()
  }

  #showSeen(): void {
    const ageMs = this.#seenAtMs === null ? null : Date.now() - this.#seenAtMs
    setText(byId('seen'), ageMs === null ? '' : seenText(ageMs))
  }

  /** Shows the whole delivery, unless the user has moved the map. */
  #frame(): void {
    const order = this.#order
    if (order === null || this.#map.isTouched) return
    const places = [homeOf(order), pickupOf(order), this.#driver?.target ?? null]
    this.#map.fit(places.filter(place => place !== null))
  }

  #draw(context: CanvasRenderingContext2D, nowMs: number): boolean {
    const order = this.#order
    if (order === null) return false
    const pickup = pickupOf(order)
    if (pickup !== null)
      drawPharmacy(context, this.#map, pickup, { name: order.pharmacy_name ?? '' })
    drawHome(context, this.#map, homeOf(order))
    if (this.#driver === null) return false
    this.#driver.moveTo(nowMs)
    drawDriver(context, this.#map, this.#driver, nowMs, order.driver_name ?? 'Driver')
    return true
  }
}

const homeOf = (order: TrackedOrder): Place => ({
  latitude: order.delivery_latitude,
  longitude: order.delivery_longitude,
})

function pickupOf({ pickup_latitude, pickup_longitude }: TrackedOrder): Place | null {
  return pickup_latitude === null || pickup_longitude === null
    ? null
    : { latitude: pickup_latitude, longitude: pickup_longitude }
}

const peopleText = ({ pharmacy_name, driver_name, customer_name }: TrackedOrder): string =>
  [
    pharmacy_name === null ? '' : `From ${pharmacy_name}`,
    driver_name === null ? '' : `brought by ${driver_name}`,
    customer_name === '' ? '' : `for ${customer_name}`,
  ]
    .filter(part => part !== '')
    .join(', ')

const seenText = (ageMs: number): string =>
  ageMs > staleMs
    ? `The driver was last seen ${Math.round(ageMs / 60_000)} min ago`
    : "The driver's position is live"
