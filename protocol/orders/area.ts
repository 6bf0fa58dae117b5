/**
 * How much of a place, a distance and a name somebody is told who need not know them exactly. The grid is
 * fixed: the same door is always in the same cell, so that who asks again and again learns nothing more.
 *
 * Rejected: chance added to the place. The mean of a hundred answers is the door.
 */
import type { GeoPoint } from '../river/geo.ts'

/** Names of many words would be told whole by their initials. */
const initialsMax = 3

/** A hundredth of a degree: some 1.1 km from north to south. */
export const areaOf = ({ latitude, longitude }: GeoPoint): GeoPoint => ({
  latitude: cell(latitude),
  longitude: cell(longitude),
})

/** `+ 0`, because a cell at the equator is not called -0. */
const cell = (degrees: number): number => Math.round(degrees * 100) / 100 + 0

/** "John Doe" is "J. D."; empty for a name without a letter or digit. */
export function initialsOf(name: string): string {
  const firsts = name
    .normalize('NFC')
    .split(/\s+/)
    .flatMap(word => /[\p{L}\p{N}]/u.exec(word) ?? [])
  return firsts
    .slice(0, initialsMax)
    .map(first => `${first.toUpperCase()}.`)
    .join(' ')
}
