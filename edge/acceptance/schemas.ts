/** A walk through the schemas of a row, for tests that hold every part of them to a rule. */
import type { Described } from '../kernel/describe.ts'

/** Calls `look` for the schema and for every schema in it. */
export function eachSchema(schema: object, look: (schema: Described) => void): void {
  const of = schema as Described
  look(of)
  const inner = [
    ...(of.anyOf ?? []),
    ...Object.values(of.properties ?? {}),
    ...Object.values(of.patternProperties ?? {}),
    ...(of.items === undefined ? [] : [of.items]),
    ...(typeof of.additionalProperties === 'object' ? [of.additionalProperties] : []),
  ]
  for (const one of inner) eachSchema(one, look)
}
