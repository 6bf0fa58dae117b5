/**
 * Geohash cells as integers of 52 bits. The bits of longitude and latitude alternate, longitude
 * first, so all places of a coarser cell lie between two integers, and a list in the order of the
 * integers keeps neighbours together.
 *
 * Why a double and not a bigint: a double holds 53 bits exactly and costs no allocation.
 */
import { axisCell } from '../../protocol/river/geo.ts'

/** Bits of a whole geohash integer. Its cell is 0.3 m high and at most 0.6 m wide. */
export const geohashBits = 52
/** Bits of a row or of a column. */
export const axisBits = geohashBits / 2
const halfBits = 13
const halfMask = (1 << halfBits) - 1
const halfRange = 2 ** (2 * halfBits)

/** Row of a valid latitude in degrees, in 0 to 2^26 - 1. */
export function latitudeCell(latitude: number): number {
  return axisCell(latitude, -90, 180, axisBits)
}

/** Column of a valid longitude in degrees, in 0 to 2^26 - 1. */
export function longitudeCell(longitude: number): number {
  return axisCell(longitude, -180, 360, axisBits)
}

/** The geohash integer of a row and a column of 26 bits each. */
export function interleave(row: number, column: number): number {
  const high = (spread(column >>> halfBits) << 1) | spread(row >>> halfBits)
  const low = (spread(column & halfMask) << 1) | spread(row & halfMask)
  return high * halfRange + low
}

/** The geohash integer of a valid coordinate in degrees. */
export function geohashOf(latitude: number, longitude: number): number {
  return interleave(latitudeCell(latitude), longitudeCell(longitude))
}

/** Puts a zero before each of 13 bits. */
function spread(bits: number): number {
  let spaced = (bits | (bits << 8)) & 0x00ff00ff
  spaced = (spaced | (spaced << 4)) & 0x0f0f0f0f
  spaced = (spaced | (spaced << 2)) & 0x33333333
  return (spaced | (spaced << 1)) & 0x55555555
}
