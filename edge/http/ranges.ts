/** The header Range for one part of a file (RFC 9110, 14). */

/** Bytes of a file, from the first to the last one; both are within it. */
export interface ByteRange {
  from: number
  to: number
}

/**
 * The part that a request asks for; null: the whole file, `unsatisfiable`: none of its bytes.
 * Several parts at once, another unit and a header with a fault are ignored, as 14.2 allows. A
 * longer part than `bytesMax` is cut: its answer says which bytes it has, and the client asks for
 * the rest.
 */
export function rangeOf(
  header: string | undefined,
  sizeBytes: number,
  bytesMax = Infinity,
): ByteRange | 'unsatisfiable' | null {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header ?? '') ?? []
  if (first === '' && last === '') return null
  if (first !== '' && last !== '' && Number(last) < Number(first)) return null
  const from = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first)
  const to = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  return from > to ? 'unsatisfiable' : { from, to: Math.min(to, from + bytesMax - 1) }
}

/** The value of Content-Range for these bytes. */
export const contentRange = ({ from, to }: ByteRange, sizeBytes: number): string =>
  `bytes ${from}-${to}/${sizeBytes}`
