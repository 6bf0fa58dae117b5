/**
 * Converts places on earth to pixels: a plain equirectangular projection around the centre. Within
 * a city it is accurate to about a thousandth, and it needs no other server.
 */
export interface Place {
  latitude: number
  longitude: number
}

export const kmPerDegree = 111.195
const earthRadiusKm = 6371.0088
const pixelsPerKmMin = 0.02
const pixelsPerKmMax = 4_000
/** Keeps the horizontal scale finite at the poles. */
const cosineMin = 0.01
const latitudeMax = 89

export const radians = (degrees: number): number => (degrees * Math.PI) / 180
/** Wraps degrees into [-180, 180). */
export const wrapped = (degrees: number): number => ((((degrees + 180) % 360) + 360) % 360) - 180
/** The value, or the nearer bound when the value is outside of the bounds. */
export const between = (value: number, min: number, max: number): number =>
  Math.min(max, Math.max(min, value))

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
  pixelsPerKm = 60
  /** Pixels of the style sheet. */
  width = 1
  height = 1

  /** The pixel of a place, as [x, y]. */
  place({ latitude, longitude }: Place): [number, number] {
    return [
      this.width / 2 + wrapped(longitude - this.center.longitude) * this.#pixelsPerDegreeEast,
      this.height / 2 - (latitude - this.center.latitude) * this.pixelsPerKm * kmPerDegree,
    ]
  }

  /** The place under a pixel. */
  point(x: number, y: number): Place {
    const up = (y - this.height / 2) / (this.pixelsPerKm * kmPerDegree)
    return {
      latitude: between(this.center.latitude - up, -90, 90),
      longitude: wrapped(this.center.longitude + (x - this.width / 2) / this.#pixelsPerDegreeEast),
    }
  }

  /** Degrees of longitude from the left edge to the right one. */
  get widthDegrees(): number {
    return this.width / this.#pixelsPerDegreeEast
  }

  /** Shows all of the places, with room around them. */
  fit(places: readonly Place[], { paddingPx = 60, pixelsPerKmAtMost = 400 } = {}): void {
    const first = places[0]
    if (first === undefined) return
    const latitudes = places.map(place => place.latitude)
    const longitudes = places.map(place => wrapped(place.longitude - first.longitude))
    const [south, north] = [Math.min(...latitudes), Math.max(...latitudes)]
    const [west, east] = [Math.min(...longitudes), Math.max(...longitudes)]
    this.center = {
      latitude: (south + north) / 2,
      longitude: wrapped(first.longitude + (west + east) / 2),
    }
    const highKm = Math.max(0.05, (north - south) * kmPerDegree)
    const wideKm = Math.max(0.05, (east - west) * kmPerDegree * this.#cosine)
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
    const after = this.point(x, y)
    this.#moveTo({
      latitude: this.center.latitude + before.latitude - after.latitude,
      longitude: this.center.longitude + wrapped(before.longitude - after.longitude),
    })
  }

  /** Moves the view by so many pixels. */
  pan(dx: number, dy: number): void {
    this.#moveTo(this.point(this.width / 2 - dx, this.height / 2 - dy))
  }

  #moveTo({ latitude, longitude }: Place): void {
    this.center = {
      latitude: between(latitude, -latitudeMax, latitudeMax),
      longitude: wrapped(longitude),
    }
  }

  get #cosine(): number {
    return Math.max(cosineMin, Math.cos(radians(this.center.latitude)))
  }
  get #pixelsPerDegreeEast(): number {
    return this.pixelsPerKm * kmPerDegree * this.#cosine
  }
}
