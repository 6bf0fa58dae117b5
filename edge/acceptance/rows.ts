/** The route table as data, for tests that read rows and call none of them. */
import { features, type EdgeParts } from '../features.ts'
import type { AnyRoute } from '../kernel/route.ts'
import { routeTable } from '../http/table.ts'

/**
 * Stands for every part of an edge: writing a row down touches it, and only a handler would use it.
 */
const nothing: unknown = new Proxy(() => nothing, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => 0 : nothing),
})

export const allRows = (): AnyRoute[] => routeTable(features, nothing as EdgeParts, [])
