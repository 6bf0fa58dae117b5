/** Binary arrays of parameters are read by the embedded database as they were written. */
import { sql } from 'kysely'
import t from 'tap'
import { preparedDatabase } from '../../migrations/database/prepared.ts'
import { ArrayWriter } from './arrays.ts'
import type { ColumnType } from './table.ts'

t.test('the database reads the values that were written', async t => {
  const database = await preparedDatabase()
  t.teardown(() => database.close())
  const writer = new ArrayWriter()
  const id = '0190a5a0-1234-7abc-8def-f123456789ab'
  const values = {
    int2: [0, -1, 32_767],
    int4: [0, -1, 2 ** 31 - 1],
    int8: [0, -1, null, 2 ** 53 - 1, -(2 ** 40), 2 ** 32],
    float8: [0.1, null, -1e300],
    uuid: [id, null],
    text: [
      '',
      'ü "quoted" {braces}, \\ and \n',
      null,
      'NULL',
      `long and not ASCII: ${'é€'.repeat(40)}`,
    ],
    timestamptz: [0, 1_790_000_000_123, null, Date.UTC(1999, 0, 1)],
    json: [{ a: [1, 'x'] }, 'text', null],
  }
  const write = (type: ColumnType, list: readonly unknown[]): void =>
    writer.column(type, list, value => value)
  write('int2', [7])
  writer.begin()
  write('int2', values.int2)
  write('int4', values.int4)
  write('int8', values.int8)
  write('float8', values.float8)
  write('uuid', [id.toUpperCase(), null])
  write('text', [...values.text, 'nul\0gone'])
  write('timestamptz', values.timestamptz)
  write('json', values.json)
  write(
    'text',
    Array.from({ length: 1_000 }, () => 'x'.repeat(1_000)),
  )
  write('int4', [])
  const arrays = writer.take()
  const {
    rows: [row],
  } = await database.pool.query<Record<string, unknown>>({
    text: `select $1::smallint[] as int2, $2::integer[] as int4, to_json($3::bigint[])::text as int8, $4::double precision[] as float8, $5::uuid[] as uuid,
      to_json($6::text[]) as text, (select json_agg(extract(epoch from at) * 1000) from unnest($7::timestamptz[]) as at)::text as timestamptz,
      array_to_json($8::json[]) as json, (select sum(length(one)) from unnest($9::text[]) as one) as length, cardinality($10::integer[]) as none`,
    values: arrays,
  })
  t.same(row!['int2'], values.int2)
  t.same(row!['int4'], values.int4)
  t.same(JSON.parse(row!['int8'] as string), values.int8)
  t.same(row!['float8'], values.float8)
  t.same(row!['text'], [...values.text, 'nulgone'])
  t.same(JSON.parse(row!['timestamptz'] as string), values.timestamptz)
  t.same(row!['json'], values.json)
  t.same([row!['length'], row!['none']], [1_000_000, 0])
  t.same(
    (
      await sql<{ one: string | null }>`select unnest(${arrays[4]}::uuid[]) as one`.execute(
        database.kysely,
      )
    ).rows.map(each => each.one),
    values.uuid,
  )
})

t.test('a value that no column could hold is refused', async t => {
  const writer = new ArrayWriter()
  const table: [ColumnType, unknown][] = [
    ['timestamptz', Date.parse('noon')],
    ['int4', 1.5],
    ['int2', Number.NaN],
    ['int4', 2 ** 31],
    ['int8', 2 ** 53],
    ['uuid', '0190a5a0-1234-7abc-8def-f123456789a'],
    ['uuid', 'g190a5a0-1234-7abc-8def-f123456789ab'],
  ]
  for (const [type, value] of table)
    t.throws(() => writer.column(type, [value], one => one), `${type} ${String(value)}`)
})
