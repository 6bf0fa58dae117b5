/**
 * The part of an OpenAPI document that the API page reads, and the description of a schema for
 * people.
 */
export interface Schema {
  $ref?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  type?: string
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  description?: string
  contentMediaType?: string
}
interface Media {
  schema: Schema
  example?: unknown
}
export interface Parameter {
  name: string
  in: string
  required: boolean
}
export interface Operation {
  summary: string
  description?: string
  operationId: string
  tags: string[]
  parameters: Parameter[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { description: string; content?: Record<string, Media> }>
  'x-roles'?: string[]
}
export interface OpenApi {
  openapi: string
  info: { description: string; version: string }
  tags: { name: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

/** The schema itself, or the named schema to which it refers. */
export function resolve(spec: OpenApi, schema: Schema | undefined): Schema {
  if (schema?.$ref === undefined) return schema ?? {}
  return spec.components.schemas[schema.$ref.split('/').at(-1)!] ?? {}
}

/** A value with the required fields of the schema, as a start for editing. */
export function exampleOf(spec: OpenApi, given: Schema | undefined): unknown {
  const schema = resolve(spec, given)
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  if (schema.anyOf !== undefined) return exampleOf(spec, schema.anyOf[0])
  switch (schema.type) {
    case 'object': {
      const required = Object.entries(schema.properties ?? {}).filter(([name]) =>
        schema.required?.includes(name),
      )
      return Object.fromEntries(required.map(([name, of]) => [name, exampleOf(spec, of)]))
    }
    case 'array':
      return []
    case 'integer':
    case 'number':
      return Math.max(0, schema.minimum ?? 0)
    case 'boolean':
      return false
    case 'string':
      return exampleText(schema.pattern ?? '')
    default:
      return null
  }
}

/** An example for the pattern: an e-mail address, a phone number, or empty. */
function exampleText(pattern: string): string {
  if (pattern.includes('@')) return 'user@example.com'
  return pattern.startsWith('^[+') ? '+1234567890' : ''
}

/** Describes the schema with its bounds in a few words. */
export function shapeOf(spec: OpenApi, given: Schema | undefined): string {
  const schema = resolve(spec, given)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(value => JSON.stringify(value)).join(' | ')
  if (schema.anyOf !== undefined) return schema.anyOf.map(one => shapeOf(spec, one)).join(' | ')
  const bounds = (
    [
      ['≥ ', schema.minimum],
      ['≤ ', schema.maximum],
      ['at most ', schema.maxLength],
      ['at least ', schema.minLength],
    ] as const
  )
    .filter(([, value]) => value !== undefined)
    .map(([word, value]) => `${word}${value}`)
  const items = schema.items === undefined ? '' : ` of ${shapeOf(spec, schema.items)}`
  return `${schema.type ?? 'any'}${items}${bounds.length > 0 ? ` (${bounds.join(', ')})` : ''}`
}
