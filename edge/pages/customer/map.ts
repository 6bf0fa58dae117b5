/**
 * The customer's map: the place of delivery and the radius of the request, then the followed order.
 */
import { drawCircle, drawCross, drawDriver, drawHome, drawPharmacy } from '../map/marks.ts'
import { kmPerDegree, radians, type Place } from '../map/projection.ts'
import { MapView } from '../map/view.ts'
import { byId, setText } from '../shared/elements.ts'
import { fieldOf } from '../shared/forms.ts'
import { listPharmacies, type Pharmacy } from '../shared/pharmacies.ts'
import type { Session } from '../shared/session.ts'
import type { OrderCard } from './order-card.ts'
import type { Orders } from './orders.ts'

const placeKey = 'caduceus.place'
const decimals = 5
const pharmaciesShown = 200
const pharmacyArmPx = 3
/**
 * Distance of the first proposed place from a pharmacy, so that a first request reaches a pharmacy.
 */
const besideDegrees = { latitude: -0.006, longitude: -0.009 }

export class CustomerMap {
  readonly #session: Session
  readonly #orders: Orders
  readonly #map: MapView
  readonly #form = byId('ask', HTMLFormElement)
  #pharmacies: readonly Pharmacy[] = []
  /** Id of the order that the map follows; null while a place is chosen. */
  followed: string | null = null

  constructor(session: Session, orders: Orders) {
    this.#session = session
    this.#orders = orders
    const label = 'Where to deliver, and the pharmacies around'
    this.#map = new MapView(byId('map'), { label, picks: true })
    this.#map.onPick = place => this.#choose(place)
    this.#map.draw = (context, nowMs) => this.#draw(context, nowMs)
    fieldOf(this.#form, 'radius_km').addEventListener('input', () => {
      this.followed = null
      this.showRadius()
    })
    for (const name of ['latitude', 'longitude'])
      fieldOf(this.#form, name).addEventListener('change', () => {
        const place = this.#chosen()
        if (place === null) return
        this.#choose(place)
        this.showRadius()
      })
    byId('here').addEventListener('click', () => this.#useOwnPosition())
  }

  /**
   * Loads the pharmacies. Proposes a place when none is chosen: the place that was chosen last in
   * this tab, otherwise one beside the newest pharmacy.
   */
  async begin(): Promise<void> {
    try {
      this.#pharmacies = await listPharmacies(this.#session.api, {
        limit: pharmaciesShown,
        isActive: true,
      })
    } catch {
      // A map without pharmacies can still send a request.
    }
    if (this.#chosen() === null) this.#choose(keptPlace() ?? this.#besideFirstPharmacy())
    this.showRadius()
  }

  redraw(): void {
    this.#map.redraw()
  }

  pharmacyOf(id: string): Pharmacy | null {
    return this.#pharmacies.find(pharmacy => pharmacy.id === id) ?? null
  }

  /**
   * Shows the whole delivery, unless the customer has moved the map. `isNew`: the map begins with
   * another order.
   */
  follow(card: OrderCard, isNew: boolean): void {
    if (isNew) {
      this.followed = card.view.id
      this.#map.isTouched = false
    }
    if (this.followed !== card.view.id || this.#map.isTouched) return
    const answers = card.answers.all.map(({ place }) => place)
    const places = [card.home, card.pickup, card.driver?.target ?? null, ...answers].filter(
      place => place !== null,
    )
    if (places.length > 1) this.#map.fit(places)
    this.#map.redraw()
  }

  unfollow(): void {
    this.followed = null
  }

  /** Shows the whole circle in which pharmacies are asked. */
  showRadius(): void {
    const place = this.#chosen()
    const { radiusKm } = this
    setText(byId('radius-shown'), `${radiusKm} km`)
    if (place === null) return
    const north = radiusKm / kmPerDegree
    const east = north / Math.max(0.05, Math.cos(radians(place.latitude)))
    const corners = [-1, 1].map(side => ({
      latitude: place.latitude + side * north,
      longitude: place.longitude + side * east,
    }))
    this.#map.fit(corners, { paddingPx: 20 })
  }

  get radiusKm(): number {
    return Number(fieldOf(this.#form, 'radius_km').value)
  }

  #chosen(): Place | null {
    const latitude = fieldOf(this.#form, 'latitude').value
    const longitude = fieldOf(this.#form, 'longitude').value
    return latitude === '' || longitude === ''
      ? null
      : { latitude: Number(latitude), longitude: Number(longitude) }
  }

  #choose({ latitude, longitude }: Place): void {
    fieldOf(this.#form, 'latitude').value = latitude.toFixed(decimals)
    fieldOf(this.#form, 'longitude').value = longitude.toFixed(decimals)
    sessionStorage.setItem(placeKey, JSON.stringify({ latitude, longitude }))
    this.followed = null
    this.#map.redraw()
  }

  #besideFirstPharmacy(): Place {
    const near = this.#pharmacies[0]
    if (near === undefined) return this.#map.center
    return {
      latitude: near.latitude + besideDegrees.latitude,
      longitude: near.longitude + besideDegrees.longitude,
    }
  }

  #useOwnPosition(): void {
    const error = this.#form.querySelector('.error')!
    navigator.geolocation?.getCurrentPosition(
      ({ coords }) => {
        this.#choose(coords)
        this.showRadius()
      },
      () => setText(error, 'The browser does not tell the position; choose it on the map.'),
    )
  }

  #draw(context: CanvasRenderingContext2D, nowMs: number): boolean {
    context.globalAlpha = 0.7
    for (const pharmacy of this.#pharmacies) drawCross(context, this.#map, pharmacy, pharmacyArmPx)
    context.globalAlpha = 1
    const card = this.followed === null ? null : this.#orders.get(this.followed)
    if (card !== null) return this.#drawOrder(context, card, nowMs)
    const place = this.#chosen()
    if (place === null) return false
    drawCircle(context, this.#map, place, this.radiusKm)
    drawHome(context, this.#map, place)
    return false
  }

  #drawOrder(context: CanvasRenderingContext2D, card: OrderCard, nowMs: number): boolean {
    const { view, driver, home } = card
    if (view.status === 'pending' && view.radius_km !== null)
      drawCircle(context, this.#map, home, view.radius_km)
    drawHome(context, this.#map, home)
    for (const { place, name, isAccepted } of card.answers.all)
      if (place !== null)
        drawPharmacy(context, this.#map, place, {
          color: isAccepted ? '--pickup' : '--map-text',
          name,
        })
    if (driver === null) return false
    driver.moveTo(nowMs)
    drawDriver(context, this.#map, driver, nowMs, view.driver_name ?? 'Driver')
    return true
  }
}

function keptPlace(): Place | null {
  try {
    return JSON.parse(sessionStorage.getItem(placeKey) ?? 'null')
  } catch {
    return null
  }
}
