/**
 * Validation of input: one compiled check for each schema, and errors that name the field and the
 * rule in words. Spellings of text are normalised first. Other values are checked and never
 * repaired. Only texts of a query or a form, which cannot carry a type, are read as the number or
 * boolean that the schema asks for.
 */
import type Type from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import Format from 'typebox/format'
import { CaduceusError, type FieldError } from '../../protocol/kernel/errors.ts'
import { dayMs, instantMs } from '../../protocol/kernel/iso-time.ts'
import { unstorableRule, unstorableText } from '../../protocol/kernel/text.ts'
import { compileNormalise, plainRules, type Normalise, type TextRules } from '../text/normalise.ts'
import { mistakesIn } from './describe.ts'

export type Check = (value: unknown) => void

/**
 * Our own reader decides which times are valid; the validator's formats admit times that no clock
 * shows.
 */
Format.Set('date-time', text => instantMs(text) !== null)
Format.Set('date', text => dayMs(text) !== null)

/**
 * Makes the check of a schema. It normalises the texts of the value in place and throws
 * CaduceusError `invalid_request` with the first fields that broke a rule.
 *
 * The schema is compiled once, for the first value. Compiling all of them at the start took a
 * quarter of the processor time from an open database to a ready edge, and most wait long for a value.
 */
export function compileCheck(schema: Type.TSchema, rules: TextRules = plainRules): Check {
  let compiled: { validator: Validator; normalise: Normalise } | null = null
  return value => {
    compiled ??= { validator: Compile(schema), normalise: compileNormalise(schema, rules) }
    const { validator, normalise } = compiled
    const broken = normalise(value)
    if (!validator.Check(value)) {
      const mistakes = [...broken, ...mistakesIn(schema, value)]
      throw invalid(
        mistakes.length > 0
          ? mistakes
          : [{ field: 'body', rule: 'is not what the API document shows' }],
      )
    }
    if (broken.length > 0) throw invalid(broken)
    const field = unstorableText(value)
    if (field !== null) throw invalid([{ field, rule: unstorableRule }])
  }
}

/** The error `invalid_request` that names these fields and the rules that they broke. */
export function invalid(fields: FieldError[]): CaduceusError {
  return new CaduceusError(
    'invalid_request',
    fields.map(f => `${f.field} ${f.rule}`).join('; '),
    fields,
  )
}

/**
 * Converts texts to the types of the schema's properties. A text that cannot be converted stays
 * text, and the check refuses it.
 */
export function coerce(
  schema: Type.TSchema,
  texts: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const properties = (schema as { properties?: Record<string, { type?: string }> }).properties ?? {}
  // The object has no prototype; otherwise a parameter with the name of an inherited property would
  // be lost.
  const out: Record<string, unknown> = Object.create(null)
  for (const [name, text] of Object.entries(texts)) {
    const type = Object.hasOwn(properties, name) ? properties[name]!.type : undefined
    if ((type === 'number' || type === 'integer') && numeric.test(text)) out[name] = Number(text)
    else if (type === 'boolean' && (text === 'true' || text === 'false'))
      out[name] = text === 'true'
    else
      Object.defineProperty(out, name, {
        value: text,
        enumerable: true,
        configurable: true,
        writable: true,
      })
  }
  return out
}
const numeric = /^-?\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,3})?$/
