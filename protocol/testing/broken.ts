/**
 * Values from a schema, and the same values broken on purpose, for fuzzers of outside data: HTTP
 * bodies, socket messages, commands on the bus. They are broken as clients break them: fields that
 * are missing, of another type, too long, doubled or of strange names; invalid numbers and invalid
 * text.
 */
import fc from './properties.ts'

/** The part of JSON Schema that TypeBox writes for this project. */
export interface Schema {
  type?: string | string[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  const?: unknown
  enum?: unknown[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema | Schema[]
  format?: string
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  minimum?: number
  maximum?: number
  exclusiveMaximum?: number
  additionalProperties?: boolean | Schema
}

/** Most elements and characters of a value from a schema. Broken values have more. */
const itemsMax = 5
const charactersMax = 40

/** Values that the schema admits. Patterns are not read, so some values may be refused. */
export function valid(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return fc.oneof(...choices.map(valid))
  if (schema.allOf !== undefined)
    return fc
      .tuple(...schema.allOf.map(valid))
      .map(parts => Object.assign({}, ...(parts as object[])) as unknown)
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer({
        min: Math.ceil(schema.minimum ?? -1_000),
        max: Math.floor(Math.min(schema.maximum ?? 1_000, 2 ** 31)),
      })
    case 'number':
      return fc.double({
        min: schema.minimum ?? -1_000,
        max: schema.maximum ?? schema.exclusiveMaximum ?? 1_000,
        noNaN: true,
      })
    case 'string':
      return text(schema)
    case 'array': {
      if (Array.isArray(schema.items)) return fc.tuple(...schema.items.map(valid))
      return fc.array(schema.items === undefined ? anything : valid(schema.items), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(schema.minItems ?? 0, Math.min(schema.maxItems ?? itemsMax, itemsMax)),
      })
    }
    case 'object': {
      const properties = schema.properties ?? {}
      return fc.record(
        Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, valid(inner)])),
        { requiredKeys: schema.required ?? [] },
      )
    }
    default:
      return anything
  }
}

function text({ format, minLength = 0, maxLength = charactersMax }: Schema): fc.Arbitrary<string> {
  switch (format) {
    case 'uuid':
      return fc.uuid()
    case 'date-time':
      return fc
        .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
        .map(date => date.toISOString())
    case 'email':
      return fc.emailAddress()
    default:
      return fc.string({
        unit: 'grapheme',
        minLength,
        maxLength: Math.max(minLength, Math.min(maxLength, charactersMax)),
      })
  }
}

const anything = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.constant(null),
  fc.boolean(),
  fc.constant([]),
  fc.constant({}),
)

const deep = (levels: number): unknown => {
  let value: unknown = 1
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
}
/** Values to put in place of the expected one. All of them can be written as JSON. */
export const strange: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.5,
  -0,
  1e308,
  2 ** 53,
  2 ** 32,
  2 ** 31,
  -(2 ** 63),
  '',
  ' ',
  '0',
  '-1',
  'NaN',
  'null',
  'constructor',
  '__proto__',
  'toString',
  '\u0000',
  '\ud800',
  '\udfff\ud800',
  '💊'.repeat(2_000),
  'é'.repeat(900),
  'a'.repeat(5_000),
  'İıſK',
  '\u202e\u200b\ufeff',
  '%00',
  '../../etc/passwd',
  '<script>',
  "'; drop table users; --",
  '2016-12-31T23:59:60Z',
  '0000-01-01T00:00:00Z',
  '+275760-09-13T00:00:00.001Z',
  '2026-02-30T00:00:00Z',
  '2026-01-01T00:00:00',
  '2026-01-01',
  'driver 7',
  'FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF',
  '00000000-0000-0000-0000-000000000000',
  'a@' + '.'.repeat(3_000) + '@',
  [],
  {},
  [[]],
  [null],
  { constructor: 1 },
  { length: 1e9 },
  { toJSON: 1 },
  Array.from({ length: 300 }, () => ({})),
  Array.from({ length: 3_000 }, () => 0),
  deep(200),
]

/**
 * A copy of the value with one change at a random place. `dice` are numbers in [0, 1) that choose
 * the place and the change.
 */
function damaged(value: unknown, dice: readonly number[]): unknown {
  const [goDeeper = 0, where = 0, how = 0, what = 0, ...rest] = dice
  const odd = strange[Math.floor(what * strange.length)]
  if (typeof value !== 'object' || value === null) return odd
  const keys = Object.keys(value)
  const key = keys[Math.floor(where * keys.length)]
  if (key !== undefined && goDeeper < 0.8 && rest.length >= 4) {
    const inner = damaged((value as Record<string, unknown>)[key], rest)
    return Array.isArray(value)
      ? value.map((item, i) => (String(i) === key ? inner : (item as unknown)))
      : { ...value, [key]: inner }
  }
  if (key === undefined || how < 0.1) return odd
  if (Array.isArray(value))
    return how < 0.5
      ? Array.from(
          { length: 1 + Math.floor(what * 400) },
          (_, i) => value[i % value.length] as unknown,
        )
      : [...(value as unknown[]), odd]
  const record = { ...value } as Record<string, unknown>
  if (how < 0.3) delete record[key]
  else if (how < 0.8) record[key] = odd
  // As in the result of JSON.parse, `__proto__` is a field like any other.
  else
    Object.defineProperty(
      record,
      ['__proto__', 'constructor', 'more', '', key.toUpperCase()][Math.floor(what * 5)]!,
      { value: odd, enumerable: true, configurable: true, writable: true },
    )
  return record
}

/**
 * Values from the schema with one to three changes. A few have no change, and a few ignore the
 * schema.
 */
export function broken(schema: Schema): fc.Arbitrary<unknown> {
  const die = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  const dice = fc.array(die, { minLength: 16, maxLength: 16 })
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(valid(schema), fc.array(dice, { minLength: 1, maxLength: 3 }))
        .map(([value, rounds]) => rounds.reduce(damaged, value)),
    },
    { weight: 1, arbitrary: valid(schema) },
    { weight: 1, arbitrary: fc.constantFrom(...strange) },
  )
}
