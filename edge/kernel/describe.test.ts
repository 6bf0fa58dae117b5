/**
 * The description of mistakes in a body: bounded work, words for each rule, and agreement with the
 * check.
 */
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { allRows } from '../acceptance/rows.ts'
import { eachSchema } from '../acceptance/schemas.ts'
import { mistakesIn } from './describe.ts'
import { httpLimits } from './http-limits.ts'
import { compileCheck } from './validate.ts'

/**
 * A list that counts how often an entry is read. The count measures work and is the same on every
 * machine. Read `looks` from the object; a copy of it does not change.
 */
function counting(length: number, item: unknown) {
  let looks = 0
  const list = new Proxy(
    Array.from({ length }, () => item),
    {
      get(target, name, receiver) {
        if (typeof name === 'string' && /^\d+$/.test(name)) looks++
        return Reflect.get(target, name, receiver)
      },
    },
  )
  return {
    list,
    get looks() {
      return looks
    },
  }
}

t.test('a list that is too long is refused for its length and not read', async t => {
  const schema = Type.Object({
    items: Type.Array(Type.Object({ name: Type.String() }), { maxItems: 50 }),
  })
  const counted = counting(80_000, {})
  t.same(mistakesIn(schema, { items: counted.list }), [
    { field: 'items', rule: 'must have at most 50 entries' },
  ])
  t.equal(counted.looks, 0)
})

t.test('the search ends after the first few mistakes', async t => {
  const schema = Type.Array(Type.Object({ name: Type.String() }))
  const many = counting(80_000, {})
  t.equal(mistakesIn(schema, many.list).length, httpLimits.fieldErrorsMax)
  t.ok(
    many.looks <= httpLimits.fieldErrorsMax + 1,
    `${many.looks} of 80,000 entries were looked at`,
  )
  const names = Object.fromEntries(Array.from({ length: 80_000 }, (_, i) => [`name${i}`, i]))
  t.equal(
    mistakesIn(Type.Object({}, { additionalProperties: false }), names).length,
    httpLimits.fieldErrorsMax,
  )
})

t.test('a text that is too long is refused before its pattern is tried', async t => {
  const schema = Type.String({ maxLength: 254, pattern: '^(a+)+$', 'x-rule': 'must be letters' })
  // The pattern would need longer than the life of the sun for this text, so any answer shows that
  // the pattern was not tried.
  t.same(mistakesIn(schema, `${'a'.repeat(60_000)}!`), [
    { field: 'body', rule: 'must have at most 254 characters' },
  ])
  t.throws(() => compileCheck(schema)(`${'a'.repeat(60_000)}!`), { code: 'invalid_request' })
})

t.test('a long field name of a stranger is shortened in the answer', async t => {
  const [mistake] = mistakesIn(Type.Object({}, { additionalProperties: false }), {
    ['x'.repeat(10_000)]: 1,
  })
  t.ok(mistake!.field.length <= httpLimits.echoedCharactersMax + 1)
})

t.test('choices are described in words', async t => {
  const table: [schema: Type.TSchema, value: unknown, rule: string][] = [
    [
      Type.Union([Type.String({ maxLength: 3 }), Type.Null()]),
      'long',
      'must have at most 3 characters',
    ],
    [Type.Union([Type.String({ maxLength: 3 }), Type.Null()]), 7, 'must be text or must be null'],
    [Type.Union([Type.Literal('a'), Type.Literal('b')]), 'c', 'must be one of a, b'],
    [
      Type.Union([Type.String({ format: 'date' }), Type.String({ format: 'date-time' })]),
      'x',
      'must be a day such as 2026-01-31 or must be a time of RFC 3339 with its zone, such as 2026-01-31T09:30:00Z or 2026-01-31T15:15:00+05:45 (in a query "+" is written %2B)',
    ],
    [Type.Integer({ minimum: 1 }), 0, 'must be at least 1'],
    [Type.Number({ exclusiveMinimum: 0 }), 0, 'must be more than 0'],
    [Type.Array(Type.String(), { minItems: 1 }), [], 'must have at least 1 entry'],
    [Type.Array(Type.String(), { uniqueItems: true }), ['a', 'a'], 'must not have an entry twice'],
    [Type.String({ minLength: 2 }), '𝒜', 'must have at least 2 characters'],
    [Type.Boolean(), 1, 'must be true or false'],
  ]
  for (const [schema, value, rule] of table)
    t.same(mistakesIn(schema, value), [{ field: 'body', rule }])
})

const keywords = new Set([
  'type',
  'x-rule',
  'x-text-kind',
  'const',
  'enum',
  'anyOf',
  'properties',
  'required',
  'additionalProperties',
  'patternProperties',
  'minProperties',
  'items',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'description',
  'title',
  'default',
  'examples',
])
const taken = allRows().flatMap(row =>
  [row.params, row.query, row.body, row.multipart?.fields].filter(schema => schema !== undefined),
)

t.test('rows use only keywords that can be described', async t => {
  for (const schema of taken)
    eachSchema(schema, one => {
      t.same(
        Object.keys(one).filter(key => !keywords.has(key) && !key.startsWith('~')),
        [],
        JSON.stringify(one).slice(0, 80),
      )
      if (one.format !== undefined) t.ok(['date', 'date-time'].includes(one.format), one.format)
    })
})

t.test('a mistake is described exactly when the check refuses', async t => {
  const values = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.dictionary(
      fc.constantFrom(
        ...new Set(
          taken.flatMap(schema =>
            Object.keys((schema as { properties?: object }).properties ?? {}),
          ),
        ),
      ),
      fc.jsonValue({ maxDepth: 2 }),
    ),
  )
  const checks = taken.map(schema => ({ schema, validator: Compile(schema) }))
  fc.assert(
    fc.property(values, value => {
      for (const { schema, validator } of checks)
        if (validator.Check(value) !== (mistakesIn(schema, value).length === 0))
          throw new Error(`${JSON.stringify(schema)} and ${JSON.stringify(value)} disagree`)
    }),
    { numRuns: 300 },
  )
  t.pass('they agree')
})
