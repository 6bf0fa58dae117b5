/** The check of bodies and queries: each mistake names its field and its rule. */
import t from 'tap'
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { parseQuery } from '../http/query.ts'
import { coerce, compileCheck } from './validate.ts'

const schema = Type.Object(
  {
    latitude: Type.Number({ minimum: -90, maximum: 90 }),
    kind: Type.Optional(Type.Enum(['a', 'b'])),
    vehicle: Type.Optional(Type.Union([Type.Literal('bike'), Type.Literal('van')])),
    items: Type.Optional(
      Type.Array(
        Type.Object(
          { name: Type.String({ minLength: 1 }), quantity: Type.Integer() },
          { additionalProperties: false },
        ),
        { maxItems: 2 },
      ),
    ),
  },
  { additionalProperties: false },
)
const check = compileCheck(schema)

const fieldsOf = (run: () => unknown): string[] => {
  try {
    run()
    return []
  } catch (error) {
    if (!(error instanceof CaduceusError) || error.code !== 'invalid_request') throw error
    return error.fields!.map(f => `${f.field}: ${f.rule}`)
  }
}

t.test('every bad value names its field and the rule', async t => {
  const table: [name: string, value: unknown, fields: string[]][] = [
    ['good', { latitude: 1, items: [{ name: 'x', quantity: 1 }] }, []],
    ['missing', {}, ['latitude: is required']],
    ['out of range', { latitude: 91 }, ['latitude: must be at most 90']],
    ['text for a number', { latitude: '1' }, ['latitude: must be a number']],
    ['NaN', { latitude: Number.NaN }, ['latitude: must be a number']],
    [
      'infinite, as JSON.parse makes of 1e999',
      JSON.parse('{"latitude":1e999}'),
      ['latitude: must be a number'],
    ],
    ['null', { latitude: null }, ['latitude: must be a number']],
    ['unknown', { latitude: 1, extra: 1 }, ['extra: is not a known field']],
    [
      '__proto__',
      JSON.parse('{"latitude":1,"__proto__":{"a":1}}'),
      ['__proto__: is not a known field'],
    ],
    ['enum', { latitude: 1, kind: 'c' }, ['kind: must be one of a, b']],
    ['union of literals', { latitude: 1, vehicle: 'boat' }, ['vehicle: must be one of bike, van']],
    [
      'nested',
      { latitude: 1, items: [{ name: '', quantity: 1.5, z: 0 }] },
      [
        'items.0.z: is not a known field',
        'items.0.name: must not be empty',
        'items.0.quantity: must be a whole number',
      ],
    ],
    [
      'too many',
      { latitude: 1, items: [1, 2, 3].map(quantity => ({ name: 'x', quantity })) },
      ['items: must have at most 2 entries'],
    ],
    ['an array', [], ['body: must be an object']],
    ['a text', 'x', ['body: must be an object']],
  ]
  for (const [name, value, fields] of table)
    t.same(
      fieldsOf(() => check(value)),
      fields,
      name,
    )
})

t.test('only texts of a query are converted to the types of the schema', async t => {
  const query = Type.Object(
    {
      limit: Type.Optional(Type.Integer()),
      open: Type.Optional(Type.Boolean()),
      name: Type.Optional(Type.String()),
    },
    { additionalProperties: false },
  )
  t.same(coerce(query, { limit: '10', open: 'true', name: '7' }), {
    limit: 10,
    open: true,
    name: '7',
  })
  for (const text of ['', ' 1', '0x10', '1e', 'NaN', 'Infinity', '1,5'])
    t.equal(coerce(query, { limit: text })['limit'], text, `"${text}" stays text`)
  t.same(
    fieldsOf(() => compileCheck(query)(coerce(query, { limit: 'ten' }))),
    ['limit: must be a whole number'],
  )
  t.same(
    fieldsOf(() => compileCheck(query)(coerce(query, parseQuery('__proto__=1')))),
    ['__proto__: is not a known field'],
  )
  t.same(
    fieldsOf(() => parseQuery('limit=1&limit=2')),
    ['limit: is given twice'],
  )
})
