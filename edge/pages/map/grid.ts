/**
 * The lines of latitude and longitude and the scale bar, for orientation on a map without tiles.
 */
import { kmPerDegree, wrapped, type Projection } from './projection.ts'

/** A projection with the colours of the style sheet. */
export interface Ground extends Projection {
  color(name: string): string
}
type Label = [text: string, x: number, y: number]

/** Smallest distance of two lines in pixels. */
const linesApartPx = 110
const scaleBarPx = 60

/** The smallest number of the form 1, 2 or 5 times a power of ten that is not below the value. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map(n => n * power).find(n => n >= value * 0.9999)!
}

/** Draws lines of latitude and longitude at round degrees, with their labels. */
export function drawGraticule(context: CanvasRenderingContext2D, map: Ground): void {
  const step = niceAbove(linesApartPx / (map.pixelsPerKm * kmPerDegree))
  const digits = Math.max(0, Math.ceil(-Math.log10(step)))
  context.lineWidth = 1
  context.strokeStyle = map.color('--map-line')
  context.beginPath()
  const labels = [
    ...drawParallels(context, map, step, digits),
    ...drawMeridians(context, map, step, digits),
  ]
  context.stroke()
  context.fillStyle = map.color('--map-text')
  context.strokeStyle = map.color('--map-ground')
  context.lineWidth = 3
  context.font = '11px system-ui, sans-serif'
  context.textAlign = 'left'
  context.textBaseline = 'bottom'
  for (const [text, x, y] of labels) {
    context.strokeText(text, x, y)
    context.fillText(text, x, y)
  }
}

function drawParallels(
  context: CanvasRenderingContext2D,
  map: Ground,
  step: number,
  digits: number,
): Label[] {
  const labels: Label[] = []
  const south = map.point(0, map.height).latitude
  const north = map.point(0, 0).latitude
  for (let line = Math.ceil(south / step); line * step <= north; line++) {
    const latitude = line * step
    const y = Math.round(map.place({ latitude, longitude: map.center.longitude })[1]) + 0.5
    context.moveTo(0, y)
    context.lineTo(map.width, y)
    if (y > 30 && y < map.height - 40)
      labels.push([`${Math.abs(latitude).toFixed(digits)}° ${latitude < 0 ? 'S' : 'N'}`, 6, y - 3])
  }
  return labels
}

function drawMeridians(
  context: CanvasRenderingContext2D,
  map: Ground,
  step: number,
  digits: number,
): Label[] {
  const labels: Label[] = []
  const west = map.point(0, 0).longitude
  const wide = map.widthDegrees
  const east = west + Math.min(360, wide)
  for (let line = Math.ceil(west / step); line * step <= east; line++) {
    const longitude = wrapped(line * step)
    const x = Math.round(((line * step - west) / wide) * map.width) + 0.5
    context.moveTo(x, 0)
    context.lineTo(x, map.height)
    const text = `${Math.abs(longitude).toFixed(digits)}° ${longitude < 0 ? 'W' : 'E'}`
    if (x > 70 && x < map.width - 60) labels.push([text, x + 4, map.height - 6])
  }
  return labels
}

/** Draws a bar at the lower right that is a round number of metres or kilometres long. */
export function drawScaleBar(context: CanvasRenderingContext2D, map: Ground): void {
  const km = niceAbove(scaleBarPx / map.pixelsPerKm)
  const wide = km * map.pixelsPerKm
  const [x, y] = [map.width - wide - 14, map.height - 28]
  context.strokeStyle = context.fillStyle = map.color('--map-ink')
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
