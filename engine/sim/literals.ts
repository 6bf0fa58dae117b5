/**
 * Decodes the parameters of the journal's statements: array literals from `journal/rows.ts`, and
 * binary arrays from `journal/arrays.ts`. The simulated database takes the statements of the real
 * appender, so a simulation also finds an encoding that loses a value.
 */

/**
 * The elements of an array as text, from a literal such as `{a,NULL,"b \"c\""}` or from its binary
 * form. NULL becomes null, and a time becomes milliseconds since the epoch. Throws a TypeError for
 * anything else.
 */
export function readArray(literal: unknown): (string | null)[] {
  if (Buffer.isBuffer(literal)) return readBinary(literal)
  if (typeof literal !== 'string' || !literal.startsWith('{') || !literal.endsWith('}'))
    throw new TypeError('not an array literal')
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

/** An array of numbers, without nulls. */
export const readNumbers = (literal: unknown): number[] => readArray(literal).map(Number)
/** An array of texts; null becomes the empty text. */
export const readTexts = (literal: unknown): string[] => readArray(literal).map(word => word ?? '')
/** The elements of an array of JSON documents; null for NULL. */
export const readDocuments = (array: unknown): unknown[] =>
  readArray(array).map(text => (text === null ? null : (JSON.parse(text) as unknown)))

const postgresEpochMs = Date.UTC(2000, 0, 1)
const headBytes = 20

function readBinary(bytes: Buffer): (string | null)[] {
  const oid = bytes.readInt32BE(8)
  const values: (string | null)[] = []
  let at = headBytes
  for (let left = bytes.readInt32BE(12); left > 0; left--) {
    const size = bytes.readInt32BE(at)
    at += 4
    if (size < 0) {
      values.push(null)
      continue
    }
    values.push(readElement(oid, bytes.subarray(at, at + size)))
    at += size
  }
  if (at !== bytes.length) throw new TypeError('not a binary array')
  return values
}

/** An element as text. `oid` is the number of its type in pg_type. */
function readElement(oid: number, bytes: Buffer): string {
  switch (oid) {
    case 21:
      return String(bytes.readInt16BE())
    case 23:
      return String(bytes.readInt32BE())
    case 20:
      return String(bytes.readBigInt64BE())
    case 701:
      return String(bytes.readDoubleBE())
    case 1184:
      return String(Number(bytes.readBigInt64BE()) / 1000 + postgresEpochMs)
    case 2950:
      return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    default:
      return bytes.toString('utf8')
  }
}
