/**
 * Blurs a place, a distance and a name for readers who need not know them exactly. The grid is
 * fixed: the same door is always in the same cell, so repeated questions reveal nothing more.
 *
 * Rejected: random noise on the place. The mean of a hundred answers is the door.
 */
import type { GeoPoint } from '../river/geo.ts'

/** Initials at most: those of a name with many words would reveal the whole name. */
const initialsMax = 3

/** The centre of the cell, to a hundredth of a degree: about 1.1 km from north to south. */
export const areaOf = ({ latitude, longitude }: GeoPoint): GeoPoint => ({
  latitude: cell(latitude),
  longitude: cell(longitude),
})

/** `+ 0` turns -0 at the equator into 0. */
const cell = (degrees: number): number => Math.round(degrees * 100) / 100 + 0

/** "John Doe" becomes "J. D."; a name without a letter or digit becomes empty. */
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
