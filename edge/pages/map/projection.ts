/**
 * Converts places on earth to pixels, by the Mercator projection of street maps: their tiles are
 * squares of it. Within a city, a km has the same length everywhere to about a thousandth.
 */
export interface Place {
  latitude: number
  longitude: number
}

export const kmPerDegree = 111.195
const earthRadiusKm = 6371.0088
const pixelsPerKmMin = 0.02
const pixelsPerKmMax = 4_000
/** The end of the map at the poles, degrees; there the world is a square. */
const latitudeMax = 85.05
const kmAround = 360 * kmPerDegree

export const radians = (degrees: number): number => (degrees * Math.PI) / 180
/** Wraps degrees into [-180, 180). */
export const wrapped = (degrees: number): number => ((((degrees + 180) % 360) + 360) % 360) - 180
/** The value, or the nearer bound when the value is outside of the bounds. */
export const between = (value: number, min: number, max: number): number =>
  Math.min(max, Math.max(min, value))

/** The column of a longitude and the row of a latitude, of 2^zoom from west and from north. */
export const columnOf = (longitude: number, zoom: number): number =>
  ((longitude + 180) / 360) * 2 ** zoom
export function rowOf(latitude: number, zoom: number): number {
  const angle = radians(between(latitude, -latitudeMax, latitudeMax))
  return ((1 - Math.asinh(Math.tan(angle)) / Math.PI) / 2) * 2 ** zoom
}
export const longitudeOf = (column: number, zoom: number): number =>
  (column / 2 ** zoom) * 360 - 180
export const latitudeOf = (row: number, zoom: number): number =>
  (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / 2 ** zoom))) * 180) / Math.PI

/** The great circle between two places, km. */
export function distanceKm(a: Place, b: Place): number {
  const [from, to] = [radians(a.latitude), radians(b.latitude)]
  const s =
    Math.sin((to - from) / 2) ** 2 +
    Math.cos(from) * Math.cos(to) * Math.sin(radians(b.longitude - a.longitude) / 2) ** 2
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(s)))
}

export class Projection {
  center: Place = { latitude: 27.7172, longitude: 85.324 }
  /** Scale in the middle of the map. */
  pixelsPerKm = 60
  /** Pixels of the style sheet. */
  width = 1
  height = 1

  /** Width of the whole world at this scale, pixels. */
  get worldPx(): number {
    return kmAround * Math.cos(radians(this.center.latitude)) * this.pixelsPerKm
  }

  /** The pixel of a place, as [x, y]. */
  place({ latitude, longitude }: Place): [number, number] {
    const { worldPx, center } = this
    return [
      this.width / 2 + (wrapped(longitude - center.longitude) / 360) * worldPx,
      this.height / 2 + (rowOf(latitude, 0) - rowOf(center.latitude, 0)) * worldPx,
    ]
  }

  /** The place under a pixel. */
  point(x: number, y: number): Place {
    const { worldPx, center } = this
    return {
      latitude: latitudeOf(
        between(rowOf(center.latitude, 0) + (y - this.height / 2) / worldPx, 0, 1),
        0,
      ),
      longitude: wrapped(center.longitude + ((x - this.width / 2) / worldPx) * 360),
    }
  }

  /** Degrees of longitude from the left edge to the right one. */
  get widthDegrees(): number {
    return (this.width / this.worldPx) * 360
  }

  /** Shows all of the places, with room around them. */
  fit(places: readonly Place[], { paddingPx = 60, pixelsPerKmAtMost = 400 } = {}): void {
    const first = places[0]
    if (first === undefined) return
    const latitudes = places.map(place => place.latitude)
    const longitudes = places.map(place => wrapped(place.longitude - first.longitude))
    const [south, north] = [Math.min(...latitudes), Math.max(...latitudes)]
    const [west, east] = [Math.min(...longitudes), Math.max(...longitudes)]
    const [top, bottom] = [rowOf(north, 0), rowOf(south, 0)]
    this.center = {
      latitude: latitudeOf((top + bottom) / 2, 0),
      longitude: wrapped(first.longitude + (west + east) / 2),
    }
    const kmAcross = kmAround * Math.cos(radians(this.center.latitude))
    const wideKm = Math.max(0.05, ((east - west) / 360) * kmAcross)
    const highKm = Math.max(0.05, (bottom - top) * kmAcross)
    const fitting = Math.min(
      (this.width - 2 * paddingPx) / wideKm,
      (this.height - 2 * paddingPx) / highKm,
    )
    this.pixelsPerKm = between(fitting, pixelsPerKmMin, pixelsPerKmAtMost)
  }

  /** Zooms so that the place under (x, y) stays there. */
  zoom(factor: number, x = this.width / 2, y = this.height / 2): void {
    const before = this.point(x, y)
    this.pixelsPerKm = between(this.pixelsPerKm * factor, pixelsPerKmMin, pixelsPerKmMax)
    const [afterX, afterY] = this.place(before)
    this.pan(x - afterX, y - afterY)
  }

  /** Moves the view by so many pixels. The world keeps its width, and a km in the middle does not. */
  pan(dx: number, dy: number): void {
    const { worldPx } = this
    const { latitude, longitude } = this.point(this.width / 2 - dx, this.height / 2 - dy)
    this.center = { latitude: between(latitude, -latitudeMax, latitudeMax), longitude }
    this.pixelsPerKm = between(
      worldPx / (kmAround * Math.cos(radians(this.center.latitude))),
      pixelsPerKmMin,
      pixelsPerKmMax,
    )
  }
}
