/** Schemas that the AsyncAPI document defines once and refers to everywhere else. */
import { errorCatalogue } from '../kernel/errors.ts'
import { Place, PharmacyFact } from '../dispatch/facts.ts'
import { Item } from '../kernel/schema.ts'
import { Principal } from '../kernel/principal.ts'
import { NewRequestBody } from '../orders/messages.ts'
import { DriverView } from '../drivers/view.ts'
import { OrderView } from '../orders/view.ts'
import { Frame } from './location-frames.ts'

export type Json = Record<string, unknown>

export const ProblemSchema = {
  type: 'object',
  required: ['code', 'detail'],
  description: 'Why it was refused. Switch on `code`.',
  properties: {
    code: { type: 'string', enum: Object.keys(errorCatalogue) },
    detail: { type: 'string' },
    fields: {
      type: 'array',
      items: {
        type: 'object',
        properties: { field: { type: 'string' }, rule: { type: 'string' } },
      },
      description: 'With `invalid_request`: which fields broke which rule',
    },
  },
}
/** The schemas by their name in the document. */
export const named = {
  OrderView,
  DriverView,
  Problem: ProblemSchema,
  Principal,
  Place,
  PharmacyFact,
  Item,
  NewRequestBody,
  LocationFrame: Frame,
}
const names = new Map<unknown, string>(
  Object.entries(named).map(([name, schema]) => [schema, name]),
)
/**
 * The schema with a reference in place of each named schema. `asRoot`: the schema itself is written
 * out.
 */
export function refer(value: unknown, asRoot = false): unknown {
  if (Array.isArray(value)) return value.map(item => refer(item))
  if (typeof value !== 'object' || value === null) return value
  const name = names.get(value)
  if (name !== undefined && !asRoot) return { $ref: `#/components/schemas/${name}` }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, refer(inner)]))
}
