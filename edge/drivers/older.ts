/** Drivers under the names of the rides backend, `/api/v1/drivers`. */
import { underOlderName, type AnyRoute } from '../kernel/route.ts'

/** The older operationId of each row that has an older name. */
const olderIds: Readonly<Record<string, string>> = {
  registerDriver: 'registerDriverV1',
  listDrivers: 'listDriversV1',
  getDriver: 'getDriverV1',
  updateDriver: 'updateDriverV1',
  setDriverStatus: 'setDriverStatusV1',
}

/** The older rows of those among `rows` that have one. */
export const olderDriverRoutes = (rows: readonly AnyRoute[]): AnyRoute[] =>
  rows.flatMap(row => {
    const operationId = olderIds[row.operationId]
    return operationId === undefined
      ? []
      : underOlderName(row, {
          path: row.path.replace('/api/', '/api/v1/'),
          operationId,
          tags: ['rides (older API)'],
        })
  })
