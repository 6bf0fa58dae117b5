/**
 * Kilometres as they are told. One file, because two places that round the same distance differently look like
 * two distances.
 */

/** To the metre: distances by road, as driven, and to the door. */
export const kmToMetre = (km: number): number => Math.round(km * 1000) / 1000

/** To ten metres: what the older broadcast API tells. */
export const kmToTenMetres = (km: number): number => Math.round(km * 100) / 100

/** To a hundred metres: what may be told of a door that is not to be found. */
export const kmToHundredMetres = (km: number): number => Math.round(km * 10) / 10
