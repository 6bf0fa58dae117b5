/** The place in a caller's fields: the given coordinates, or the looked-up address. */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { distanceKm, type GeoPoint } from '../../protocol/river/geo.ts'
import { areaOf } from '../../protocol/orders/area.ts'
import { pricingLimits } from './limits.ts'
import type { WithMaps } from '../maps/port.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { invalid } from '../kernel/validate.ts'

export interface GivenPlace {
  latitude: number | undefined
  longitude: number | undefined
  address: string | undefined
}

/**
 * Null when no field was sent. `field` is the prefix of the caller's fields, such as `delivery_`.
 * Throws `invalid_request` for half a coordinate, and the errors of `Maps.locate`.
 */
export async function placeOf(
  ctx: WithMaps,
  field: string,
  { latitude, longitude, address }: GivenPlace,
): Promise<GeoPoint | null> {
  if (latitude !== undefined && longitude !== undefined) return { latitude, longitude }
  if (latitude !== undefined || longitude !== undefined)
    throw invalid([
      {
        field: `${field}${latitude === undefined ? 'latitude' : 'longitude'}`,
        rule: 'is required with the other coordinate',
      },
    ])
  if (address === undefined || address.trim() === '') return null
  const found = await ctx.maps.locate(address)
  return { latitude: found.latitude, longitude: found.longitude }
}

/** Like `placeOf`, for a required place. */
export async function requiredPlace(
  ctx: WithMaps,
  field: string,
  given: GivenPlace,
): Promise<GeoPoint> {
  const place = await placeOf(ctx, field, given)
  if (place === null)
    throw invalid([
      { field: `${field}latitude`, rule: 'is required, with the longitude or an address' },
    ])
  return place
}

/** True when two pins mean the same address. */
export const samePlace = (a: GeoPoint, b: GeoPoint): boolean =>
  distanceKm(a.latitude, a.longitude, b.latitude, b.longitude) <= pricingLimits.quoteDriftKm

/** True when the pin lies in the area that a pharmacy was shown in place of the address. */
export function sameArea(area: GeoPoint, pin: GeoPoint): boolean {
  const { latitude, longitude } = areaOf(pin)
  return latitude === area.latitude && longitude === area.longitude
}

/** Throws `vendor_not_found` unless such an active pharmacy exists. */
export async function pharmacyPlace(ctx: Pick<Kernel, 'database'>, pharmacyId: string) {
  const row = await ctx.database.kysely
    .selectFrom('vendors')
    .select(['id', 'latitude', 'longitude', 'tariff'])
    .where('id', '=', pharmacyId)
    .where('is_active', '=', true)
    .executeTakeFirst()
  if (row === undefined)
    throw new CaduceusError('vendor_not_found', 'no such pharmacy, or it is not active')
  return row
}
