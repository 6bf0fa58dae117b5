/**
 * Validation at the door: one compiled check per schema, and errors that name the field and the rule
 * in words. Values are checked, never repaired; only texts of a query or a form, which cannot carry a
 * type, are read as the number or boolean that the schema asks for.
 */
import type Type from 'typebox'
import { Compile } from 'typebox/compile'
import { CaduceusError, type FieldError } from '../../protocol/errors.ts'
import { unstorableRule, unstorableText } from '../../protocol/text.ts'

interface SchemaError { keyword: string; instancePath: string; params: object; message: string }

export type Check = (value: unknown) => void

/** Compiles once; the check throws CaduceusError `invalid_request` with every field that broke a rule. */
export function compileCheck(schema: Type.TSchema): Check {
  const validator = Compile(schema)
  return value => {
    if (!validator.Check(value)) throw invalid(fieldErrors(validator.Errors(value) as SchemaError[]))
    const field = unstorableText(value)
    if (field !== null) throw invalid([{ field, rule: unstorableRule }])
  }
}

export function invalid(fields: FieldError[]): CaduceusError {
  return new CaduceusError('invalid_request', fields.map(f => `${f.field} ${f.rule}`).join('; '), fields)
}

/** The validator's list, said once per field; the choices of a union become one rule. */
function fieldErrors(errors: readonly SchemaError[]): FieldError[] {
  const rules = new Map<string, string[]>()
  const choices = new Map<string, string[]>()
  const add = (field: string, rule: string) => {
    const known = rules.get(field)
    if (known === undefined) rules.set(field, [rule])
    else if (!known.includes(rule)) known.push(rule)
  }
  for (const { keyword, instancePath, params, message } of errors) {
    const field = dotted(instancePath)
    const detail = params as Record<string, unknown>
    switch (keyword) {
      // The same fact as additionalProperties, from the inside.
      case 'boolean': break
      case 'additionalProperties':
        for (const name of detail['additionalProperties'] as string[]) add(joined(field, name), 'is not a known field')
        break
      case 'required':
        for (const name of detail['requiredProperties'] as string[]) add(joined(field, name), 'is required')
        break
      case 'const':
        choices.set(field, [...(choices.get(field) ?? []), String(detail['allowedValue'])])
        break
      case 'enum':
        choices.set(field, (detail['allowedValues'] as unknown[]).map(String))
        break
      case 'anyOf': break
      default: add(field, message)
    }
  }
  for (const [field, values] of choices) add(field, `must be one of ${values.join(', ')}`)
  return [...rules].map(([field, list]) => ({ field, rule: list.join(' and ') }))
}

/** `/items/0/name` becomes `items.0.name`; the whole value is called `body`. */
const dotted = (pointer: string): string =>
  pointer === '' ? 'body' : pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~')
const joined = (parent: string, name: string): string => (parent === 'body' ? name : `${parent}.${name}`)

/** Texts as the types of the schema's properties; what does not read as one stays text, for the check to refuse. */
export function coerce(schema: Type.TSchema, texts: Readonly<Record<string, string>>): Record<string, unknown> {
  const properties = (schema as { properties?: Record<string, { type?: string }> }).properties ?? {}
  const out: Record<string, unknown> = {}
  for (const [name, text] of Object.entries(texts)) {
    const type = Object.hasOwn(properties, name) ? properties[name]!.type : undefined
    if ((type === 'number' || type === 'integer') && numeric.test(text)) out[name] = Number(text)
    else if (type === 'boolean' && (text === 'true' || text === 'false')) out[name] = text === 'true'
    else Object.defineProperty(out, name, { value: text, enumerable: true })
  }
  return out
}
const numeric = /^-?\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,3})?$/

/** The query as texts; a name given twice is refused, because which of them counts would be a guess. */
export function parseQuery(query: string): Record<string, string> {
  const out: Record<string, string> = Object.create(null)
  for (const [name, value] of new URLSearchParams(query)) {
    if (name in out) throw invalid([{ field: name, rule: 'is given twice' }])
    out[name] = value
  }
  return out
}
