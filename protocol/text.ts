/**
 * Text that cannot be kept: NUL and lone surrogates. JSON may carry them, Postgres' text may not, and
 * its JSON functions fail on a whole document that has one anywhere, so that one customer's note could
 * break other people's queries. Refused at the boundary, by name, instead of being repaired in silence.
 */

/** The dotted path of the first such text, names of fields included; null when there is none. Depth is the caller's schema's. */
export function unstorableText(value: unknown, path = ''): string | null {
  if (typeof value === 'string') return value.includes('\0') || !wellFormed(value) ? path || 'body' : null
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null
  for (const [name, inner] of Object.entries(value)) {
    const found = unstorableText(inner, path === '' ? name : `${path}.${name}`) ?? unstorableText(name, path)
    if (found !== null) return found
  }
  return null
}

export const unstorableRule = 'must be text without NUL and without half of a surrogate pair'

/** In the language since ES2024, and in Node 20; its types come later. */
const wellFormed = (text: string): boolean => (text as unknown as { isWellFormed(): boolean }).isWellFormed()
