/**
 * Describes the mistakes of a value in words that name the field and the rule. The compiled check
 * has refused the value already. This code looks at counts and lengths before it reads the
 * contents, and stops at the first few mistakes, so that describing a hostile body costs no more
 * than reading it.
 *
 * Rejected: the error list of the validator. It always walks the whole value, tries patterns on
 * texts that are too long anyway, and shows a pattern where a person needs a sentence.
 */
import type { FieldError } from '../../protocol/kernel/errors.ts'
import { dayMs, dayRule, instantMs, instantRule } from '../../protocol/kernel/iso-time.ts'
import { httpLimits } from './http-limits.ts'

/** The keywords of JSON Schema that rows may use; a test allows no others. */
export interface Described {
  type?: string
  /**
   * A sentence that replaces the pattern in an error, because people do not read regular
   * expressions.
   */
  'x-rule'?: string
  const?: unknown
  enum?: readonly unknown[]
  anyOf?: readonly Described[]
  properties?: Readonly<Record<string, Described>>
  required?: readonly string[]
  additionalProperties?: boolean | Described
  patternProperties?: Readonly<Record<string, Described>>
  minProperties?: number
  items?: Described
  minItems?: number
  maxItems?: number
  uniqueItems?: boolean
  minLength?: number
  maxLength?: number
  pattern?: string
  format?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
}

/**
 * At most `httpLimits.fieldErrorsMax` mistakes; none when the value obeys the schema. The whole
 * value is named `body`.
 */
export function mistakesIn(schema: object, value: unknown): FieldError[] {
  const found = new Mistakes()
  describe(schema, value, '', found)
  return found.list
}

/** A list of mistakes: one for each field and rule, and no more than a person mends at once. */
class Mistakes {
  readonly list: FieldError[] = []
  get full(): boolean {
    return this.list.length >= httpLimits.fieldErrorsMax
  }
  add(field: string, rule: string): void {
    const name = field === '' ? 'body' : field
    if (!this.full && !this.list.some(known => known.field === name && known.rule === rule))
      this.list.push({ field: name, rule })
  }
}

function describe(schema: Described, value: unknown, field: string, found: Mistakes): void {
  if (found.full) return
  if (schema.anyOf !== undefined) describeChoice(schema.anyOf, value, field, found)
  const { type } = schema
  if (type !== undefined && !isOf(type, value)) {
    found.add(field, `must be ${named[type] ?? type}`)
    return
  }
  if (schema.const !== undefined && schema.const !== value) {
    found.add(field, `must be ${echoed(schema.const)}`)
    return
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    found.add(field, `must be one of ${schema.enum.map(String).join(', ')}`)
    return
  }
  if (typeof value === 'string') describeText(schema, value, field, found)
  else if (typeof value === 'number') describeNumber(schema, value, field, found)
  else if (Array.isArray(value)) describeList(schema, value, field, found)
  else if (typeof value === 'object' && value !== null)
    describeObject(schema, value as Record<string, unknown>, field, found)
}

function describeText(
  { minLength, maxLength, format, pattern, 'x-rule': rule }: Described,
  value: string,
  field: string,
  found: Mistakes,
): void {
  const fault =
    minLength !== undefined && shorterThan(value, minLength)
      ? minLength === 1
        ? 'must not be empty'
        : `must have at least ${minLength} characters`
      : maxLength !== undefined && !shorterThan(value, maxLength + 1)
        ? `must have at most ${counted(maxLength, 'character')}`
        : format === 'date-time' && instantMs(value) === null
          ? instantRule
          : format === 'date' && dayMs(value) === null
            ? dayRule
            : pattern !== undefined && !regExpOf(pattern).test(value)
              ? (rule ?? 'has not the form that the API document shows')
              : null
  if (fault !== null) found.add(field, fault)
}

function describeNumber(
  { minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Described,
  value: number,
  field: string,
  found: Mistakes,
): void {
  if (minimum !== undefined && value < minimum) found.add(field, `must be at least ${minimum}`)
  if (maximum !== undefined && value > maximum) found.add(field, `must be at most ${maximum}`)
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum)
    found.add(field, `must be more than ${exclusiveMinimum}`)
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum)
    found.add(field, `must be less than ${exclusiveMaximum}`)
}

function describeList(
  { minItems, maxItems, uniqueItems, items }: Described,
  value: readonly unknown[],
  field: string,
  found: Mistakes,
): void {
  if (minItems !== undefined && value.length < minItems)
    found.add(field, `must have at least ${counted(minItems, 'entry', 'entries')}`)
  if (maxItems !== undefined && value.length > maxItems) {
    found.add(field, `must have at most ${counted(maxItems, 'entry', 'entries')}`)
    return
  }
  if (items !== undefined)
    for (const [index, item] of value.entries()) {
      if (found.full) return
      describe(items, item, joined(field, String(index)), found)
    }
  // Only lists of names are unique in our schemas. An entry that is not a name has been described
  // already.
  if (uniqueItems === true && new Set(value).size < value.length)
    found.add(field, 'must not have an entry twice')
}

function describeObject(
  {
    properties = {},
    required = [],
    additionalProperties,
    patternProperties,
    minProperties = 0,
  }: Described,
  value: Record<string, unknown>,
  field: string,
  found: Mistakes,
): void {
  const others =
    additionalProperties === undefined || additionalProperties === true
      ? undefined
      : additionalProperties
  const byPattern = Object.entries(patternProperties ?? {})
  for (const name of Object.keys(value)) {
    if (found.full) return
    if (Object.hasOwn(properties, name)) continue
    const matching = byPattern.filter(([pattern]) => regExpOf(pattern).test(name))
    for (const [, schema] of matching)
      describe(schema, value[name], joined(field, echoed(name)), found)
    if (matching.length > 0 || others === undefined) continue
    if (others === false) found.add(joined(field, echoed(name)), 'is not a known field')
    else describe(others, value[name], joined(field, echoed(name)), found)
  }
  if (Object.keys(value).length < minProperties)
    found.add(field, `must have at least ${counted(minProperties, 'field')}`)
  for (const name of required)
    if (!Object.hasOwn(value, name)) found.add(joined(field, name), 'is required')
  for (const [name, schema] of Object.entries(properties))
    if (Object.hasOwn(value, name) && value[name] !== undefined)
      describe(schema, value[name], joined(field, name), found)
}

/**
 * Describes a value that fits none of the choices. Constants become one rule. Choices that each
 * have one rule for the value itself are joined by "or". Otherwise the choice with the fewest
 * mistakes is described, among those of the right type if there are any.
 */
function describeChoice(
  choices: readonly Described[],
  value: unknown,
  field: string,
  found: Mistakes,
): void {
  const tried = choices.map(choice => ({ choice, list: mistakesOf(choice, value, field) }))
  if (tried.some(({ list }) => list.length === 0)) return
  const constants = choices.filter(choice => choice.const !== undefined || choice.type === 'null')
  if (constants.length === choices.length) {
    found.add(
      field,
      `must be one of ${choices.map(choice => String(choice.const ?? null)).join(', ')}`,
    )
    return
  }
  const sorts = tried.filter(({ choice }) => choice.type === undefined || isOf(choice.type, value))
  const at = field === '' ? 'body' : field
  const simple = (sorts.length > 0 ? sorts : tried).map(({ list }) => list)
  if (simple.every(list => list.length === 1 && list[0]!.field === at)) {
    found.add(field, [...new Set(simple.map(list => list[0]!.rule))].join(' or '))
    return
  }
  const nearest = simple.reduce((best, list) => (list.length < best.length ? list : best))
  for (const { field: name, rule } of nearest) found.add(name, rule)
}

function mistakesOf(schema: Described, value: unknown, field: string): FieldError[] {
  const found = new Mistakes()
  describe(schema, value, field, found)
  return found.list
}

const isOf = (type: string, value: unknown): boolean => {
  switch (type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'array':
      return Array.isArray(value)
    case 'null':
      return value === null
    case 'integer':
      return Number.isInteger(value)
    case 'number':
      return Number.isFinite(value)
    default:
      return typeof value === type
  }
}
const named: Record<string, string> = {
  object: 'an object',
  array: 'a list',
  null: 'null',
  integer: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
}
const counted = (count: number, one: string, more = `${one}s`): string =>
  `${count} ${count === 1 ? one : more}`
const joined = (parent: string, name: string): string =>
  parent === '' ? name : `${parent}.${name}`

/**
 * True when the text has fewer characters. Characters are code points, as in JSON Schema. A long
 * text is read only as far as the bound needs.
 */
function shorterThan(value: string, characters: number): boolean {
  if (value.length < characters) return true
  if (value.length >= characters * 2) return false
  let count = 0
  for (const _ of value) if (++count >= characters) return false
  return true
}

function echoed(given: unknown): string {
  const text = String(given)
  return text.length <= httpLimits.echoedCharactersMax
    ? text
    : `${text.slice(0, httpLimits.echoedCharactersMax)}…`
}

const compiled = new Map<string, RegExp>()
/** A compiled pattern. The patterns come from our schemas, so there are few. */
function regExpOf(pattern: string): RegExp {
  let known = compiled.get(pattern)
  if (known === undefined) compiled.set(pattern, (known = new RegExp(pattern, 'u')))
  return known
}
