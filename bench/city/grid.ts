/**
 * A synthetic city: a square grid of streets around Kathmandu, and vehicles that keep to them.
 * Streets lie every 120 m; positions are metres east and north of the centre and become degrees at
 * the end.
 */
import type { Place } from '../rigs/people.ts'

export const center: Place = { latitude: 27.7172, longitude: 85.324 }
const blockM = 120
/** Number of streets from the centre to the edge of the city. */
const streets = 11
/** Blocks that a vehicle without a destination strays from home. */
const reachBlocks = 3
const metresPerDegree = 111_195
const metresPerDegreeEast = metresPerDegree * Math.cos((center.latitude * Math.PI) / 180)

export type Random = () => number

/** Metres east and north of the centre. */
export interface Point {
  x: number
  y: number
}

/** Degrees of a point. */
export const placeOf = (p: Point): Place => ({
  latitude: center.latitude + p.y / metresPerDegree,
  longitude: center.longitude + p.x / metresPerDegreeEast,
})
/** The point of a place in degrees. */
export const pointOf = (place: Place): Point => ({
  x: (place.longitude - center.longitude) * metresPerDegreeEast,
  y: (place.latitude - center.latitude) * metresPerDegree,
})
/** Metres between two points. */
export const apart = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y)

const clamp = (street: number): number => Math.min(streets, Math.max(-streets, street))
const corner = (p: Point): Point => ({
  x: clamp(Math.round(p.x / blockM)) * blockM,
  y: clamp(Math.round(p.y / blockM)) * blockM,
})

/** A door beside a street: houses and pharmacies stand a few metres off it. */
export function door(random: Random): Point {
  const along = (random() * 2 - 1) * streets * blockM
  const street = Math.round((random() * 2 - 1) * streets) * blockM + (random() < 0.5 ? -12 : 12)
  return random() < 0.5 ? { x: along, y: street } : { x: street, y: along }
}

/** A door within a few streets. */
export const doorNear = (p: Point, random: Random): Point => ({
  x: p.x + (random() - 0.5) * 500,
  y: p.y + (random() - 0.5) * 500,
})

/** A vehicle: its position, route and speed. */
export class Vehicle {
  at: Point
  headingDeg = 0
  speedMps = 0
  /** Points still to be passed, in order. Empty when the vehicle has arrived or roams. */
  #route: Point[] = []
  #direction: Point = { x: 1, y: 0 }
  readonly #random: Random
  readonly #cruiseMps: number

  constructor(random: Random, at: Point) {
    this.#random = random
    this.at = corner(at)
    this.#cruiseMps = (15 + random() * 25) / 3.6
  }

  get arrived(): boolean {
    return this.#route.length === 0
  }

  /** Drives along the streets to a door: first along one axis, then along the other. */
  driveTo(target: Point): void {
    const from = corner(this.at)
    const last = corner(target)
    const turn = this.#random() < 0.5 ? { x: last.x, y: from.y } : { x: from.x, y: last.y }
    this.#route = [from, turn, last, target]
  }

  /** Moves on for `seconds`. A vehicle without a destination wanders, but stays near `home`. */
  advance(seconds: number, home: Point | null): void {
    let left = seconds * this.#cruiseMps * (0.75 + this.#random() * 0.5)
    const before = this.at
    while (left > 0) {
      if (this.#route.length === 0) {
        if (home === null) break
        this.#route.push(this.#wander(home))
      }
      const next = this.#route[0]!
      const away = apart(this.at, next)
      if (away <= left) {
        this.at = next
        this.#route.shift()
        left -= away
        // A vehicle that reached its destination stops there; a roaming one goes on.
        if (home === null && this.#route.length === 0) break
      } else {
        this.at = {
          x: this.at.x + ((next.x - this.at.x) * left) / away,
          y: this.at.y + ((next.y - this.at.y) * left) / away,
        }
        left = 0
      }
    }
    const moved = apart(before, this.at)
    this.speedMps = seconds > 0 ? moved / seconds : 0
    if (moved > 0.5)
      this.headingDeg =
        ((Math.atan2(this.at.x - before.x, this.at.y - before.y) * 180) / Math.PI + 360) % 360
  }

  stop(): void {
    this.speedMps = 0
  }

  /**
   * The next corner: mostly straight on, sometimes a turn, and back towards home when it is far
   * away.
   */
  #wander(home: Point): Point {
    const here = corner(this.at)
    const chance = this.#random()
    const { x, y } = this.#direction
    let direction =
      chance < 0.6 ? this.#direction : chance < 0.8 ? { x: y, y: -x } : { x: -y, y: x }
    if (apart(here, home) > reachBlocks * blockM)
      direction =
        Math.abs(home.x - here.x) > Math.abs(home.y - here.y)
          ? { x: Math.sign(home.x - here.x), y: 0 }
          : { x: 0, y: Math.sign(home.y - here.y) }
    const next = corner({ x: here.x + direction.x * blockM, y: here.y + direction.y * blockM })
    this.#direction = apart(next, here) < 1 ? { x: -direction.x, y: -direction.y } : direction
    return next
  }
}
