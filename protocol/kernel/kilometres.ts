/**
 * Rounding of kilometres that people see. It is in one file, because the same distance rounded
 * differently in two places looks like two distances.
 */

/** To one metre: for distances by road, distances driven, and distances to the door. */
export const kmToMetre = (km: number): number => Math.round(km * 1000) / 1000

/** To ten metres: for the older broadcast API. */
export const kmToTenMetres = (km: number): number => Math.round(km * 100) / 100

/** To a hundred metres: for a door whose exact place must stay hidden. */
export const kmToHundredMetres = (km: number): number => Math.round(km * 10) / 10
