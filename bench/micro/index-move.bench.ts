/**
 * Moving drivers in the index, beside a floor that no index can beat: writing latitude and
 * longitude to two arrays. 100 k drivers are in a 30 km city. "city" moves are steps of 50 m, as in
 * usual frames; "jump" moves put a driver anywhere and nearly always relink. Filling an empty index
 * is measured beside building a packed tree, which a static index does for every move.
 */
import KDBush from 'kdbush'
import { MovingIndex } from '../../engine/geo/moving-index.ts'
import { IdTable } from '../../engine/fleet/id-table.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import type { MicroSuite } from './suite.ts'

const drivers = 100_000
const cityDeg = 0.27

async function cases() {
  const random = seededRandom(2)
  const latitude = Float64Array.from({ length: drivers }, () => 28.6 + (random() - 0.5) * cityDeg)
  const longitude = Float64Array.from({ length: drivers }, () => 77.2 + (random() - 0.5) * cityDeg)
  const stepLatitude = latitude.map(value => value + (random() - 0.5) * 0.0009)
  const stepLongitude = longitude.map(value => value + (random() - 0.5) * 0.0009)
  const jumpLatitude = latitude.map(() => 28.6 + (random() - 0.5) * cityDeg)
  const jumpLongitude = longitude.map(() => 77.2 + (random() - 0.5) * cityDeg)
  // Frames arrive in no particular order of driver numbers.
  const order = Int32Array.from({ length: drivers }, (_, number) => number)
  for (let last = drivers - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const moved = order[last]!
    order[last] = order[other]!
    order[other] = moved
  }
  const ids = Uint32Array.from({ length: drivers * 4 }, () => random() * 2 ** 32)
  const table = new IdTable(1, 2)
  for (let n = 0; n < drivers; n++)
    table.add(ids[n * 4]!, ids[n * 4 + 1]!, ids[n * 4 + 2]!, ids[n * 4 + 3]!)

  const floorLatitude = new Float64Array(drivers)
  const floorLongitude = new Float64Array(drivers)
  const city = new MovingIndex({ capacity: drivers })
  const jump = new MovingIndex({ capacity: drivers })
  let away = false

  const moveAll = (
    index: MovingIndex,
    toLatitude: Float64Array,
    toLongitude: Float64Array,
  ): void => {
    for (let i = 0; i < drivers; i++) {
      const number = order[i]!
      index.set(number, toLatitude[number]!, toLongitude[number]!)
    }
  }

  return {
    'raw array writes': {
      operationsPerRun: drivers,
      run: () => {
        for (let i = 0; i < drivers; i++) {
          const number = order[i]!
          floorLatitude[number] = stepLatitude[number]!
          floorLongitude[number] = stepLongitude[number]!
        }
      },
    },
    'MovingIndex, city moves': {
      operationsPerRun: drivers,
      goal: { value: 10_000_000 },
      run: () => {
        away = !away
        moveAll(city, away ? stepLatitude : latitude, away ? stepLongitude : longitude)
      },
    },
    'MovingIndex, jumps': {
      operationsPerRun: drivers,
      run: () => {
        away = !away
        moveAll(jump, away ? jumpLatitude : latitude, away ? jumpLongitude : longitude)
      },
    },
    'kdbush, built anew': {
      operationsPerRun: drivers,
      baseline: null,
      run: () => {
        const tree = new KDBush(drivers)
        for (let number = 0; number < drivers; number++)
          tree.add(longitude[number]!, latitude[number]!)
        tree.finish()
      },
    },
    'MovingIndex, filled anew': {
      operationsPerRun: drivers,
      baseline: 'kdbush, built anew',
      run: () => {
        const fresh = new MovingIndex({ capacity: drivers })
        for (let number = 0; number < drivers; number++)
          fresh.set(number, latitude[number]!, longitude[number]!)
      },
    },
    'IdTable lookup and city move': {
      operationsPerRun: drivers,
      run: () => {
        away = !away
        const toLatitude = away ? stepLatitude : latitude
        const toLongitude = away ? stepLongitude : longitude
        for (let i = 0; i < drivers; i++) {
          const at = order[i]! * 4
          const number = table.numberOf(ids[at]!, ids[at + 1]!, ids[at + 2]!, ids[at + 3]!)
          city.set(number, toLatitude[number]!, toLongitude[number]!)
        }
      },
    },
  }
}

export const suite: MicroSuite = {
  name: 'index-move',
  title: 'moving drivers in the index',
  baseline: 'raw array writes',
  cases,
}
