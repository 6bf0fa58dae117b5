/**
 * The route table, recorded: paths, callers and every schema. A change of the contract shows as a
 * difference that must be intended: `RECORD=1` records it anew.
 */
import { createHash } from 'node:crypto'
import t from 'tap'
import { plain } from '../../protocol/testing/constants.ts'
import { recorded } from '../../protocol/testing/recorded.ts'
import { features, type EdgeParts } from '../features.ts'
import type { AnyRoute } from '../kernel/route.ts'
import { memberRights } from '../kernel/member-rights.ts'
import { routeTable } from './table.ts'

/**
 * Stands for every part of an edge and for every part of a part. Only the handlers of rows use
 * them.
 */
const anything: unknown = new Proxy(() => undefined, {
  get: (_, name) =>
    name === Symbol.toPrimitive ? () => 1 : typeof name === 'symbol' ? undefined : anything,
  apply: () => anything,
  construct: () => anything as object,
})

const known = new Map<string, string>()
const longCharacters = 300

/** Writes a large part that stands in several rows once. */
function once(value: unknown, row: string): unknown {
  if (typeof value !== 'object' || value === null) return value
  const text = JSON.stringify(value)
  const before = text.length < longCharacters ? undefined : known.get(text)
  if (before !== undefined) return `as in ${before}`
  if (text.length >= longCharacters) known.set(text, row)
  return Array.isArray(value)
    ? value.map(one => once(one, row))
    : Object.fromEntries(Object.entries(value).map(([name, one]) => [name, once(one, row)]))
}

/** A page may share its path with a row for programs. */
const nameOf = (row: AnyRoute, rows: readonly AnyRoute[]): string => {
  const { method, path, page } = row
  const isShared = page === true && rows.some(one => one !== row && one.path === path)
  return isShared ? `${method} ${path}, the page` : `${method} ${path}`
}

t.test('the table of what members may do knows each row that is open to pharmacies', async t => {
  const rows = routeTable(features, anything as EdgeParts, []).filter(
    ({ auth }) => auth === 'optional' || (auth !== 'none' && auth.includes('vendor')),
  )
  const ids = rows.map(row => row.operationId)
  t.same(
    ids.filter(id => !memberRights.has(id)),
    [],
    'say in edge/kernel/member-rights.ts which members may call it',
  )
  t.same(
    [...memberRights.keys()].filter(id => !ids.includes(id)),
    [],
    'rows of the table whose route is gone',
  )
})

t.test('every row is as recorded', async t => {
  const rows = routeTable(features, anything as EdgeParts, [])
  const entries = rows.map(
    row =>
      [
        nameOf(row, rows),
        Object.fromEntries(
          Object.entries(row).flatMap(([name, value]) => {
            const kept = plain(value, 0)
            return kept === undefined || ['path', 'method', 'summary', 'description'].includes(name)
              ? []
              : [[name, once(kept, nameOf(row, rows))]]
          }),
        ),
      ] as const,
  )
  t.equal(new Set(entries.map(([name]) => name)).size, entries.length)
  recorded(t, 'edge/http/table.json', Object.fromEntries(entries))
})

/**
 * Documents are made of the rows and the schemas, whose differences are read there. So here a hash
 * of each part is enough.
 */
const marks = (parts: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [
      name,
      createHash('sha256')
        .update(JSON.stringify(plain(part, 0) ?? null))
        .digest('hex')
        .slice(0, 12),
    ]),
  )

t.test('each part of the documents is as recorded', async t => {
  const parts = new Proxy({}, { get: (_, name) => (name === 'version' ? '1' : anything) })
  const rows = routeTable(features, parts as EdgeParts, [])
  const documents = await Promise.all(
    ['/openapi.json', '/asyncapi.json'].map(async path => {
      const request = { headers: {} } as never
      const { body } = await rows.find(row => row.path === path)!.handler(request)
      const document = JSON.parse(String(Buffer.from(body as Uint8Array))) as Record<string, object>
      const { paths = {}, channels = {}, operations = {}, components = {}, ...rest } = document
      const parts = Object.entries(components as Record<string, object>).flatMap(([kind, all]) =>
        Object.entries(marks(all)).map(([name, mark]) => [`${kind} ${name}`, mark]),
      )
      return [
        path,
        {
          ...marks(rest),
          ...marks(paths),
          ...marks(channels),
          ...marks(operations),
          ...(Object.fromEntries(parts) as Record<string, string>),
        },
      ] as const
    }),
  )
  for (const [path, all] of documents) t.ok(Object.keys(all).length > 50, path)
  recorded(t, 'edge/http/documents.json', Object.fromEntries(documents))
})
