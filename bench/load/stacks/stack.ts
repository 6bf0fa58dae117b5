/**
 * A stack that does the two tasks of every dispatch system: it tells each pharmacy terminal within
 * a radius of a request, and carries a driver's location to the tracker of the order. The same
 * sockets, schedules and clocks drive all stacks (`broadcasts.ts`, `locations.ts`).
 */
import type { RawSocket } from '../../rigs/raw-socket.ts'

/** The places of the terminals of all stacks, and the radius that reaches every one of them. */
export interface Field {
  latitude: number
  longitude: number
  radiusKm: number
  near: number
  pharmacies: readonly { id: string; latitude: number; longitude: number }[]
}

export interface Stack {
  /** The name in the report. */
  name: string
  /** Processes whose processor time counts for the stack. */
  pids(): readonly number[]
  /**
   * Opens a terminal for each pharmacy of the field. `arrived` gets the marker of each request,
   * once for each terminal.
   */
  openTerminals(
    field: Field,
    arrived: (marker: string, terminal: number) => void,
  ): Promise<RawSocket[]>
  /** Resolves when the request was accepted, possibly after the terminals have heard of it. */
  request(field: Field, marker: string): Promise<void>
  /**
   * Opens drivers with an order each, and a tracker for each order. `send` sends one location of
   * that driver; `arrived` gets its number.
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
