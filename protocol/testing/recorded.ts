/**
 * Compares answers with a recorded file beside their test, where there are too many to write by
 * hand. RECORD=1 writes the file anew, and the difference is read like code. Rejected: tap's
 * snapshots, which lie in a folder that is not kept.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Test } from 'tap'
import { assetUrl } from '../kernel/assets.ts'

/**
 * `path`: from the project's folder. Values are compared as JSON writes them; one line for each
 * part of an entry.
 */
export function recorded(
  t: Test,
  path: string,
  entries: Record<string, Record<string, unknown>>,
): void {
  if (process.env['RECORD'] === '1') writeFileSync(assetUrl(path), text(entries))
  const known = JSON.parse(readFileSync(assetUrl(path), 'utf8')) as Record<string, unknown>
  const now = JSON.parse(JSON.stringify(entries)) as Record<string, unknown>
  t.same(Object.keys(now), Object.keys(known))
  for (const [name, entry] of Object.entries(now)) t.same(entry, known[name], name)
}

const text = (entries: Record<string, Record<string, unknown>>): string =>
  `{\n${Object.entries(entries)
    .map(
      ([name, entry]) =>
        `${JSON.stringify(name)}: {\n${Object.entries(entry)
          .flatMap(([part, value]) =>
            value === undefined ? [] : [`  ${JSON.stringify(part)}: ${line(value)}`],
          )
          .join(',\n')}\n}`,
    )
    .join(',\n')}\n}\n`

const line = (value: unknown): string =>
  Array.isArray(value) && value.length > 0
    ? `[\n${value.map(one => `    ${JSON.stringify(one)}`).join(',\n')}\n  ]`
    : JSON.stringify(value)
