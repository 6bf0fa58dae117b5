/** Things on a map: pharmacies, homes, drivers, and the circle of a search. */
import type { Ground } from './grid.ts'
import { radians, type Place } from './projection.ts'

const fullCircle = 7

function drawName(
  context: CanvasRenderingContext2D,
  map: Ground,
  name: string,
  x: number,
  y: number,
): void {
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

/** A pharmacy of the delivery: a cross on a tile, with its name below. */
export function drawPharmacy(
  context: CanvasRenderingContext2D,
  map: Ground,
  place: Place,
  { color = '--pickup', name = '' } = {},
): void {
  const [x, y] = map.place(place)
  context.fillStyle = map.color(color)
  context.strokeStyle = map.color('--map-ground')
  context.lineWidth = 2.5
  context.beginPath()
  context.roundRect(x - 8, y - 8, 16, 16, 4)
  context.fill()
  context.stroke()
  context.fillStyle = map.color('--map-ground')
  context.fillRect(x - 1.5, y - 5, 3, 10)
  context.fillRect(x - 5, y - 1.5, 10, 3)
  drawName(context, map, name, x, y + 11)
}

/** One pharmacy of many: a plain cross of half that size. */
export function drawCross(
  context: CanvasRenderingContext2D,
  map: Ground,
  place: Place,
  armPx: number,
): void {
  const [x, y] = map.place(place)
  context.fillStyle = map.color('--map-text')
  context.fillRect(x - armPx, y - 1, 2 * armPx, 2)
  context.fillRect(x - 1, y - armPx, 2, 2 * armPx)
}

/** The delivery address: a pin. */
export function drawHome(context: CanvasRenderingContext2D, map: Ground, place: Place): void {
  const [x, y] = map.place(place)
  context.fillStyle = map.color('--dropoff')
  context.strokeStyle = map.color('--map-ground')
  context.lineWidth = 2.5
  context.beginPath()
  context.moveTo(x, y)
  context.bezierCurveTo(x - 4, y - 8, x - 9, y - 10, x - 9, y - 16)
  context.arc(x, y - 16, 9, Math.PI, 0)
  context.bezierCurveTo(x + 9, y - 10, x + 4, y - 8, x, y)
  context.fill()
  context.stroke()
  context.fillStyle = map.color('--map-ground')
  context.beginPath()
  context.arc(x, y - 16, 3.2, 0, fullCircle)
  context.fill()
}

/** A driver: an arrow head when the direction is known, pulsing so that it is easy to find. */
export function drawDriver(
  context: CanvasRenderingContext2D,
  map: Ground,
  driver: Place & { heading: number | null },
  nowMs: number,
  name: string,
): void {
  const [x, y] = map.place(driver)
  const pulse = (nowMs % 1800) / 1800
  context.fillStyle = map.color('--driver')
  context.globalAlpha = 0.35 * (1 - pulse)
  context.beginPath()
  context.arc(x, y, 10 + 16 * pulse, 0, fullCircle)
  context.fill()
  context.globalAlpha = 1
  context.save()
  context.translate(x, y)
  context.strokeStyle = map.color('--map-ground')
  context.lineWidth = 2.5
  context.beginPath()
  if (driver.heading === null) context.arc(0, 0, 9, 0, fullCircle)
  else {
    context.rotate(radians(driver.heading))
    context.moveTo(0, -13)
    context.lineTo(9, 10)
    context.lineTo(0, 5)
    context.lineTo(-9, 10)
    context.closePath()
  }
  context.fill()
  context.stroke()
  context.restore()
  drawName(context, map, name, x, y + 15)
}

/** The radius of a search. */
export function drawCircle(
  context: CanvasRenderingContext2D,
  map: Ground,
  place: Place,
  radiusKm: number,
): void {
  const [x, y] = map.place(place)
  context.beginPath()
  context.arc(x, y, radiusKm * map.pixelsPerKm, 0, fullCircle)
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
