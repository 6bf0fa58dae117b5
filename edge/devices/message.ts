/**
 * The message of a phone as it came: a query, a form or JSON. Traccar Client has used all three,
 * and the other apps let their users choose, so the content type decides nothing; the first
 * character of the body does.
 */
import { parseJson } from '../http/json.ts'
import { deviceLimits } from './limits.ts'
import type { Fields, Reading } from './fix.ts'

export interface Message {
  query: string
  /** Null: larger than the bound, and not read. */
  body: Uint8Array | null
}

/** `empty`: no bytes, or white space. */
type Content = { json: unknown } | { form: string } | 'empty' | 'unreadable'

/** Never throws. */
export function contentOf(body: Uint8Array | null): Content {
  if (body === null) return 'unreadable'
  const first = body.find(byte => !whitespace.has(byte))
  if (first === undefined) return 'empty'
  if (first !== 0x7b && first !== 0x5b) return { form: utf8.decode(body) }
  try {
    return { json: parseJson(body) }
  } catch {
    return 'unreadable'
  }
}
const whitespace = new Set([0x09, 0x0a, 0x0d, 0x20])
const utf8 = new TextDecoder()

/** The fields of a query and of a form. Of a name that is given twice the first value counts. */
export function formFields(...forms: readonly string[]): Fields {
  const fields = new Map<string, string>()
  for (const form of forms)
    for (const [name, value] of new URLSearchParams(form))
      if (!fields.has(name)) fields.set(name, value)
  return fields
}

/** Reads every item of a list up to the bound; the items beyond it are counted as `too_many`. */
export function readAll(
  items: readonly unknown[],
  read: (item: unknown) => Reading,
): readonly Reading[] {
  const readings = items.slice(0, deviceLimits.positionsPerRequestMax).map(read)
  return [...readings, ...items.slice(readings.length).map(() => 'too_many' as const)]
}
