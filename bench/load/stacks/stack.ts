/**
 * A stack that does the two things which every dispatch system does: tells each pharmacy terminal
 * within a radius of a request, and carries a driver's location to the one who watches the order. The
 * same sockets, schedules and clocks drive all of them (`broadcasts.ts`, `locations.ts`).
 */
import type { RawSocket } from '../../rigs/raw-socket.ts'

/** Where the terminals of all stacks stand, and the radius that reaches every one of them. */
export interface Field {
  latitude: number
  longitude: number
  radiusKm: number
  near: number
  pharmacies: readonly { id: string; latitude: number; longitude: number }[]
}

export interface Stack {
  /** As the report calls it. */
  name: string
  /** Processes whose processor time is the stack's. */
  pids(): readonly number[]
  /** A terminal for each pharmacy of the field; `arrived` hears the marker of each request, once a terminal. */
  openTerminals(
    field: Field,
    arrived: (marker: string, terminal: number) => void,
  ): Promise<RawSocket[]>
  /** Resolves when the request was taken, which may be after the terminals heard of it. */
  request(field: Field, marker: string): Promise<void>
  /**
   * Drivers with an order each, and a tracker for each order. `send` puts one location of that driver on
   * its way; `arrived` hears the number that went with it.
   */
  openDeliveries(
    count: number,
    arrived: (delivery: number, sequence: number) => void,
  ): Promise<{ send(delivery: number, sequence: number): void; sockets: RawSocket[] }>
  stop(): Promise<void>
}

export const fieldCenter = { latitude: 27.7172, longitude: 85.324 } as const

/** `near` pharmacies within the radius, and `far` ones that are connected and out of it. */
export function fieldOf(near: number, far = 0): Field {
  const place = (i: number, offset: number) => ({
    id: `p${i}`,
    latitude: fieldCenter.latitude + offset + ((i % 40) - 20) * 1e-3,
    longitude: fieldCenter.longitude + ((Math.floor(i / 40) % 50) - 25) * 1e-3,
  })
  return {
    ...fieldCenter,
    radiusKm: 10,
    near,
    pharmacies: Array.from({ length: near + far }, (_, i) => place(i, i < near ? 0 : 1)),
  }
}
