/**
 * Reads the parameters of the journal's statements back: what `journal/rows.ts` writes as array
 * literals and lines of JSON. The simulated database takes the real statements of the real appender,
 * so an encoding that loses something is found here too.
 */

/** `{a,NULL,"b \"c\""}`, with NULL for null. */
export function readArray(literal: unknown): (string | null)[] {
  if (typeof literal !== 'string' || !literal.startsWith('{') || !literal.endsWith('}')) throw new TypeError('not an array literal')
  const body = literal.slice(1, -1)
  if (body === '') return []
  if (!body.includes('"')) return body.split(',').map(word => (word === 'NULL' ? null : word))
  const values: (string | null)[] = []
  for (let at = 0; at <= body.length;) {
    if (body[at] !== '"') {
      const end = body.indexOf(',', at)
      const word = body.slice(at, end < 0 ? body.length : end)
      values.push(word === 'NULL' ? null : word)
      at = end < 0 ? body.length + 1 : end + 1
      continue
    }
    let text = ''
    for (at++; body[at] !== '"'; at++) text += body[at] === '\\' ? body[++at] : body[at]
    values.push(text)
    at += 2
  }
  return values
}

export const readNumbers = (literal: unknown): number[] => readArray(literal).map(Number)
export const readTexts = (literal: unknown): string[] => readArray(literal).map(word => word ?? '')
export const readLines = (lines: unknown): unknown[] => (lines === '' ? [] : String(lines).split('\n').map(line => JSON.parse(line) as unknown))
