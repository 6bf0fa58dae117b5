/** The customer's map: the place and the pharmacies around, then the followed order. */
import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { drawCircle, drawCross, drawDriver, drawHome, drawPharmacy } from '../map/marks.ts'
import { kmPerDegree, radians, type Place } from '../map/projection.ts'
import { MapView } from '../map/view.ts'
import { say } from '../texts/index.ts'
import type { Orders } from './orders.ts'
import { choosePlace, place, radiusKm } from './place.ts'

const pharmacyArmPx = 3

/** The map; a place is chosen by a press, or by its keys. */
export function CustomerMap({ orders }: { orders: Orders }) {
  const holder = useRef<HTMLDivElement>(null)
  const map = useRef<MapView | null>(null)
  useEffect(() => {
    const view = new MapView(holder.current!, { label: say('map.label'), picks: true })
    map.current = view
    view.onPick = chosen => {
      orders.followed.value = null
      choosePlace(chosen)
    }
    view.draw = (context, nowMs) => draw(context, nowMs, view, orders)
    look(view, orders)
    return () => {
      view.close()
      map.current = null
    }
  }, [])
  useSignalEffect(() => {
    const view = map.current
    // Every signal that the map shows is read, so that a change draws it anew.
    const shown = [orders.views, orders.answers, orders.progress, orders.pharmacies]
    for (const one of shown) void one.value
    void place.value
    void radiusKm.value
    void orders.followed.value
    if (view === null) return
    look(view, orders)
    view.redraw()
  })
  return <div id="map" class="map" ref={holder} />
}

/** Moves the map to what it shows, unless the customer has moved it. */
function look(view: MapView, orders: Orders): void {
  const followed = orders.followed.value
  const order = followed === null ? undefined : orders.views.value.get(followed)
  if (view.isTouched && order !== undefined) return
  if (order !== undefined) {
    const answers = (orders.answers.value.get(order.id) ?? []).map(one => one.place)
    const driver = orders.drivers.get(order.id)?.target ?? null
    const places = [homeOf(order), pickupOf(order), driver, ...answers].filter(one => one !== null)
    if (places.length > 1) view.fit(places)
  } else if (place.value !== null) view.fit(cornersAround(place.value), { paddingPx: 20 })
  else if (orders.pharmacies.value.length > 0) view.fit(orders.pharmacies.value)
}

function cornersAround({ latitude, longitude }: Place): Place[] {
  const north = radiusKm.value / kmPerDegree
  const east = north / Math.max(0.05, Math.cos(radians(latitude)))
  return [-1, 1].map(side => ({
    latitude: latitude + side * north,
    longitude: longitude + side * east,
  }))
}

const homeOf = (order: OrderView): Place => ({
  latitude: order.delivery_latitude,
  longitude: order.delivery_longitude,
})
function pickupOf({ pickup_latitude: latitude, pickup_longitude: longitude }: OrderView) {
  return latitude === null || longitude === null ? null : { latitude, longitude }
}

function draw(
  context: CanvasRenderingContext2D,
  nowMs: number,
  map: MapView,
  orders: Orders,
): boolean {
  context.globalAlpha = 0.7
  for (const pharmacy of orders.pharmacies.value) drawCross(context, map, pharmacy, pharmacyArmPx)
  context.globalAlpha = 1
  const followed = orders.followed.value
  const order = followed === null ? undefined : orders.views.value.get(followed)
  if (order === undefined) {
    if (place.value === null) return false
    drawCircle(context, map, place.value, radiusKm.value)
    drawHome(context, map, place.value)
    return false
  }
  const home = homeOf(order)
  if (order.status === 'pending' && order.radius_km !== null)
    drawCircle(context, map, home, order.radius_km)
  drawHome(context, map, home)
  for (const { place: at, name, isAccepted } of orders.answers.value.get(order.id) ?? [])
    if (at !== null)
      drawPharmacy(context, map, at, { color: isAccepted ? '--pickup' : '--map-text', name })
  const driver = orders.drivers.get(order.id)
  if (driver === undefined) return false
  driver.moveTo(nowMs)
  drawDriver(context, map, driver, nowMs, order.driver_name ?? say('order.driver'))
  return true
}
