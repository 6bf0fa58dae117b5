/** Geohash integers compared with the well-known geohash of letters and digits. */
import t from 'tap'
import { encodeGeohash } from '../../protocol/river/geo.ts'
import fc from '../../protocol/testing/properties.ts'
import { geohashBits, geohashOf } from './geohash-cell.ts'

const alphabet = '0123456789bcdefghjkmnpqrstuvwxyz'

/** The first ten characters: 50 of the 52 bits. */
function letters(geohash: number): string {
  let rest = Math.floor(geohash / 4)
  let text = ''
  for (let place = 0; place < 10; place++) {
    text = alphabet[rest % 32] + text
    rest = Math.floor(rest / 32)
  }
  return text
}

const latitudes = fc.oneof(
  fc.double({ min: -90, max: 90, noNaN: true }),
  fc.constantFrom(-90, 0, 45, 90),
)
const longitudes = fc.oneof(
  fc.double({ min: -180, max: 180, noNaN: true }),
  fc.constantFrom(-180, -90, 0, 180),
)

t.test('the integer has the bits of the geohash in letters', async () => {
  fc.assert(
    fc.property(latitudes, longitudes, (latitude, longitude) => {
      const geohash = geohashOf(latitude, longitude)
      return (
        Number.isInteger(geohash) &&
        geohash >= 0 &&
        geohash < 2 ** geohashBits &&
        letters(geohash) === encodeGeohash(latitude, longitude, 10)
      )
    }),
    { numRuns: 2_000 },
  )
})

t.test('the corners of the globe have the lowest and the highest number', async t => {
  t.equal(geohashOf(-90, -180), 0)
  t.equal(geohashOf(90, 180), 2 ** geohashBits - 1)
  t.equal(geohashOf(0, 0), 3 * 2 ** (geohashBits - 2), 'longitude comes first, then latitude')
  t.equal(geohashOf(-90, 0), 2 * 2 ** (geohashBits - 2))
})
