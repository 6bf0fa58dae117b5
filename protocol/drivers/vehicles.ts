/**
 * The types of vehicle, each with its speed in a town. A new type is one line here: commands,
 * routes, the client's types and the estimate of an arrival read this table.
 */
import Type from 'typebox'

interface Vehicle {
  /** Average speed in a town, stops included, km/h. */
  speedKmh: number
}

export const vehicles = {
  bike: { speedKmh: 15 },
  scooter: { speedKmh: 25 },
  car: { speedKmh: 25 },
  van: { speedKmh: 22 },
} as const satisfies Readonly<Record<string, Vehicle>>

export type VehicleType = keyof typeof vehicles
export const vehicleTypes = Object.keys(vehicles) as VehicleType[]

/** The schema of a type of vehicle. */
export const VehicleType = Type.Unsafe<VehicleType>(
  Type.Union(vehicleTypes.map(type => Type.Literal(type))),
)

/** Speed of an unknown vehicle, km/h: a message of an older release may name one. */
const speedKmhDefault = 22

/** Speed in a town, km/h. It takes any text, because events keep the type as text. */
export const speedKmhOf = (type: string): number =>
  Object.hasOwn(vehicles, type) ? vehicles[type as VehicleType].speedKmh : speedKmhDefault
