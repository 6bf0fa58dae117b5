/** The route table as data, for tests that read rows and call none of them. */
import { features, type EdgeParts } from '../features.ts'
import type { AnyRoute } from '../kernel/route.ts'
import { routeTable } from '../http/table.ts'

/**
 * Stands for every part of an edge. Making a row touches its parts, and only a handler would use
 * them.
 */
const nothing: unknown = new Proxy(() => nothing, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => 0 : nothing),
})

/** Every row of the route table. The handlers of these rows must not be called. */
export const allRows = (): AnyRoute[] => routeTable(features, nothing as EdgeParts, [])
