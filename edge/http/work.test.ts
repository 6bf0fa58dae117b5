/**
 * The cost of hostile requests, counted and not timed: V8 counts how often each block of code runs.
 * Twice the request may be twice the work, and never four times. Regular expressions are code of
 * V8's own, which V8 does not count; `patterns.test.ts` holds each of them to the same rule.
 */
import t from 'tap'
import { allRows } from '../acceptance/rows.ts'
import { growthMax, startCounting } from '../kernel/fixture-work.ts'
import { clientAddress } from '../kernel/address.ts'
import { prefersPage, readHeaders, mediaTypeOf } from './headers.ts'
import { parseJson } from './json.ts'
import { httpLimits } from '../kernel/http-limits.ts'
import { readForm } from './multipart.ts'
import { normalOrigin } from '../kernel/origins.ts'
import { expectedRevisions } from './preconditions.ts'
import { parseQuery } from './query.ts'
import { coerce, compileCheck } from '../kernel/validate.ts'

const grows = await startCounting(t)

t.test('the count of blocks shows work that grows with the square', async t => {
  const square = (size: number) => () => {
    let looks = 0
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) looks += i ^ j
    return looks
  }
  t.ok((await grows(square, 200)) > 3.5)
})

type Schema = {
  type?: string
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
  required?: string[]
}
const texts: ((size: number) => string)[] = [
  size => 'a'.repeat(size),
  size => `a@${'.'.repeat(size)}@`,
  size => 'a.'.repeat(size / 2),
  size => ' '.repeat(size),
  size => '9'.repeat(size),
  size => '+('.repeat(size / 2),
  size => '💊'.repeat(size / 2),
  size => '\u0000'.repeat(size),
  size => `2026-01-31T09:30:00.${'1'.repeat(size)}Z`,
  size => '<&amp;'.repeat(size / 6),
  size => '\ud800'.repeat(size),
]
const values: ((size: number) => unknown)[] = [
  ...texts,
  size => Array.from({ length: size }, () => ({})),
  size => Array.from({ length: size }, () => 'a'),
  size => Array.from({ length: size }, (_, i) => `a${i}`),
  size => Object.fromEntries(Array.from({ length: size }, (_, i) => [`a${i}`, i])),
]
/** Bodies with one hostile value in each place that the schema has; `at` says which. */
function* hostile(schema: Schema, depth = 0): Generator<(value: unknown) => unknown> {
  yield value => value
  if (depth > 3) return
  for (const [name, inner] of Object.entries(schema.properties ?? {}))
    for (const at of hostile(inner, depth + 1)) yield value => ({ [name]: at(value) })
  if (schema.items !== undefined)
    for (const at of hostile(schema.items, depth + 1)) yield value => [at(value)]
  for (const inner of schema.anyOf ?? []) for (const at of hostile(inner, depth + 1)) yield at
}

t.test('the work to check a body and to describe its mistakes is linear', async t => {
  const seen = new Set<string>()
  for (const row of allRows())
    for (const schema of [row.body, row.query, row.multipart?.fields]) {
      const text = JSON.stringify(schema)
      if (schema === undefined || seen.has(text)) continue
      seen.add(text)
      const check = compileCheck(schema)
      const places = [...hostile(schema as Schema)]
      const run = (size: number) => {
        const bodies = places.flatMap(at => values.map(value => at(value(size))))
        return () => {
          for (const body of bodies)
            try {
              check(body)
            } catch {
              /* Refused, as it should be. */
            }
        }
      }
      const growth = await grows(run, 400)
      t.ok(
        growth < growthMax,
        `${row.operationId}: twice the body is ${growth.toFixed(2)} times the work`,
      )
    }
  t.ok(seen.size > 40)
})

t.test('the work to read a request before the check is linear', async t => {
  const bytes = (text: string) => Buffer.from(text)
  const lines = (count: number, name: (i: number) => string, value: string) => ({
    forEach: (take: (name: string, value: string) => void) => {
      for (let i = 0; i < count; i++) take(name(i), value)
    },
  })
  const form = { fields: {} as never, files: { file: { required: false, description: '' } } }
  const parts: Record<string, (size: number) => () => unknown> = {
    'nested JSON': size => () => parseJson(bytes('['.repeat(size) + ']'.repeat(size))),
    'JSON with one long text': size => () => parseJson(bytes(`"${'\\"'.repeat(size)}"`)),
    'JSON with many keys': size => () =>
      parseJson(bytes(`{${Array.from({ length: size }, (_, i) => `"k${i}":1`).join(',')}}`)),
    'JSON with one key many times': size => () =>
      parseJson(bytes(`{${Array.from({ length: size }, () => '"k":1').join(',')}}`)),
    'JSON with a long number': size => () => parseJson(bytes('1'.repeat(size))),
    'a query of many names': size => () =>
      coerce(
        { properties: {} } as never,
        parseQuery(Array.from({ length: size }, (_, i) => `a${i}=1`).join('&'), true),
      ),
    'a query of signs': size => () => parseQuery('%'.repeat(size) + '&='.repeat(size)),
    'many headers': size => () => readHeaders(lines(size, i => `x-${i}`, 'a') as never),
    'a header in many lines': size => () =>
      readHeaders(lines(size, () => 'x-forwarded-for', '1.2.3.4') as never),
    'a long list of addresses': size => () =>
      clientAddress('127.0.0.1', '1.2.3.4,'.repeat(size), 3),
    'a long address': size => () => clientAddress('127.0.0.1', ':'.repeat(size), 1),
    'a media type of many parameters': size => () =>
      mediaTypeOf({ 'content-type': `a/b${';a="b'.repeat(size)}` }),
    'Accept of many ranges': size => () =>
      prefersPage({ accept: 'text/html;q=0.1;'.repeat(size) + ','.repeat(size) }),
    'If-Match of many tags': size => () => expectedRevisions({ 'if-match': '"1",W/'.repeat(size) }),
    'a long origin': size => () => normalOrigin(`app://${'a-'.repeat(size)}`),
    'a form of many parts': size => () =>
      readForm(
        bytes(
          `${'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'.repeat(size)}--b--`,
        ),
        'multipart/form-data; boundary=b',
        form,
      ),
    'a form that is nearly a boundary': size => () =>
      readForm(
        bytes(
          `--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n${'\r\n-'.repeat(size)}\r\n--b--`,
        ),
        'multipart/form-data; boundary=b',
        form,
      ),
    'a part with a long head': size => () =>
      readForm(
        bytes(
          `--b\r\nContent-Disposition: form-data; name="${'a'.repeat(size)}"; ${'x="y";'.repeat(size)}\r\n\r\nx\r\n--b--`,
        ),
        'multipart/form-data; boundary=b',
        form,
      ),
    'a long boundary': size => () =>
      readForm(bytes('--'.repeat(size)), `multipart/form-data; boundary=${'-'.repeat(size)}`, form),
  }
  for (const [name, make] of Object.entries(parts)) {
    const growth = await grows(make, 1_500)
    t.ok(growth < growthMax, `${name}: twice is ${growth.toFixed(2)} times the work`)
  }
  t.ok(httpLimits.jsonBodyBytesMax <= 16 * 1024)
})

t.test('rows without sign-in take small bodies', async t => {
  for (const row of allRows())
    if (!Array.isArray(row.auth) && row.body !== undefined)
      t.ok((row.bodyBytesMax ?? httpLimits.jsonBodyBytesMax) <= 16 * 1024, row.operationId)
})
