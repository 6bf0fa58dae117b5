/**
 * Places for the benches of the indexes: spread evenly over a country, or in towns of unequal size.
 */

/** Coordinates in degrees, by number of the place. */
export interface Points {
  latitude: Float64Array
  longitude: Float64Array
}

/** Evenly over a country of 5° by 6°, the size of England. */
export function uniformPoints(count: number, random: () => number): Points {
  return {
    latitude: Float64Array.from({ length: count }, () => 50.5 + random() * 5),
    longitude: Float64Array.from({ length: count }, () => -4 + random() * 6),
  }
}

/** Towns of unequal size over a country 5° by 6°, points around each with the density of a town. */
export function countryPoints(count: number, random: () => number): Points {
  const towns = Array.from({ length: 150 }, () => [50.5 + random() * 5, -4 + random() * 6] as const)
  const latitude = new Float64Array(count)
  const longitude = new Float64Array(count)
  for (let index = 0; index < count; index++) {
    const town = towns[Math.floor(towns.length * random() ** 2.5)]!
    const away = 0.15 * random()
    const angle = 2 * Math.PI * random()
    latitude[index] = town[0] + away * Math.sin(angle)
    longitude[index] = town[1] + (away * Math.cos(angle)) / 0.62
  }
  return { latitude, longitude }
}
