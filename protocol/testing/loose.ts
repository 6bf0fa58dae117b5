/**
 * Lists where a schema accepts more than its example shows: another type, any text, a number of any
 * size, a missing field, a further one. A test that states this list holds the schema, because a
 * schema that lost a part of itself accepts more.
 */
import type Type from 'typebox'
import { Compile } from 'typebox/compile'
import Format from 'typebox/format'
import { dayMs, instantMs } from '../kernel/iso-time.ts'

// As the validators of the edge know them.
Format.Set('date-time', text => instantMs(text) !== null)
Format.Set('date', text => dayMs(text) !== null)

const long = 'x'.repeat(100_000)
/** Values to put in place of another one, with their names. */
const odd: readonly [name: string, value: unknown][] = [
  ['null', null],
  ['a boolean', true],
  ['any text', '?'],
  ['a long text', long],
  ['a negative number', -1],
  ['a fraction', 0.5],
  ['a great number', 2 ** 50],
  ['an object', {}],
  ['a list', []],
]

/**
 * The places as `path: what it also accepts, ...`; a place that accepts nothing else is not listed.
 * Only the first item of a list is looked at. Throws when the schema refuses the example.
 */
export function looseIn(schema: Type.TSchema, example: unknown): string[] {
  const validator = Compile(schema)
  if (!validator.Check(example))
    throw new Error(`the schema refuses its example: ${JSON.stringify(validator.Errors(example))}`)
  const found: string[] = []
  const look = (value: unknown, path: string, withOther: (other: unknown) => unknown): void => {
    const accepts = (other: unknown): boolean => validator.Check(withOther(other))
    const names = odd.flatMap(([name, other]) => (accepts(other) ? [name] : []))
    if (Array.isArray(value)) {
      if (accepts(Array.from({ length: 10_000 }, () => value[0] as unknown)))
        names.push('many items')
    } else if (typeof value === 'object' && value !== null) {
      if (accepts({ ...value, odd: 1 })) names.push('more fields')
      const missing = Object.keys(value).filter(name => {
        const { [name]: _, ...rest } = value as Record<string, unknown>
        return accepts(rest)
      })
      if (missing.length > 0) names.push(`no ${missing.join(', no ')}`)
    }
    if (names.length > 0) found.push(`${path}: ${names.join(', ')}`)
    if (Array.isArray(value)) {
      if (value.length > 0)
        look(value[0], `${path}[]`, other => withOther([other, ...value.slice(1)]))
    } else if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value))
        look(inner, path === '' ? name : `${path}.${name}`, other =>
          withOther({ ...value, [name]: other }),
        )
  }
  look(example, '', other => other)
  return found
}
