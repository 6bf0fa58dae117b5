/**
 * Collects the constants that the modules of a house export, to record them: limits, schemas,
 * patterns and tables. Nobody writes a test for each of them, and a change of one changes the
 * contract with apps, services and the database.
 */
import { readdirSync } from 'node:fs'
import { assetUrl } from '../kernel/assets.ts'

const words = new Set(['description', 'summary', 'title', 'help', 'examples'])
const depthMax = 14

/**
 * The constants of all modules in these folders of `dist`, by the path of the source. `skipped`:
 * modules that act when they are loaded.
 */
export async function constantsOf(
  folders: readonly string[],
  skipped: RegExp,
): Promise<Record<string, Record<string, unknown>>> {
  const paths = folders.flatMap(folder =>
    readdirSync(assetUrl(`dist/${folder}/`), { recursive: true, encoding: 'utf8' }).map(
      name => `${folder}/${name}`,
    ),
  )
  const modules = paths
    .filter(
      path =>
        path.endsWith('.js') &&
        !/\.test\.js$|\/testing\/|(^|\/)(fixture[^/]*|contract|samples)\.js$/.test(path) &&
        !skipped.test(path),
    )
    .toSorted()
  const all: Record<string, Record<string, unknown>> = {}
  for (const path of modules) {
    const exported = Object.entries(
      (await import(assetUrl(`dist/${path}`).href)) as Record<string, unknown>,
    )
    const constants = exported.flatMap(([name, value]) => {
      const kept = typeof value === 'string' ? undefined : plain(value, 0)
      return kept === undefined ? [] : [[name, kept]]
    })
    if (constants.length > 0) all[path.replace(/\.js$/, '.ts')] = Object.fromEntries(constants)
  }
  return all
}

/**
 * The value as JSON can write it, without functions, instances of classes, and descriptions for
 * people.
 */
export function plain(value: unknown, depth: number): unknown {
  if (depth > depthMax || typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)))
    return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof RegExp) return String(value)
  if (value instanceof Set) return [...value].map(one => plain(one, depth + 1))
  if (value instanceof Map)
    return [...value].map(([key, one]) => [plain(key, depth + 1), plain(one, depth + 1)])
  if (Array.isArray(value)) return value.map(one => plain(one, depth + 1) ?? null)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  const entries = Object.entries(value).flatMap(([name, one]) => {
    const kept = words.has(name) && typeof one !== 'object' ? undefined : plain(one, depth + 1)
    return kept === undefined ? [] : [[name, kept]]
  })
  return entries.length === 0 && Object.keys(value).length > 0
    ? undefined
    : Object.fromEntries(entries)
}
