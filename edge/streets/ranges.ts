/** The header Range for one part of a file (RFC 9110, 14). */

/** The bytes from `start` up to and without `end`. */
export interface Part {
  start: number
  end: number
}

/**
 * The part that a request asks for; null: the whole file, `unsatisfiable`: none of its bytes.
 * Several parts at once, another unit and a header with a fault are ignored, as 14.2 allows. A
 * longer part than `bytesMax` is cut: its answer says which bytes it has, and the client asks for
 * the rest.
 */
export function partOf(
  range: string | undefined,
  sizeBytes: number,
  bytesMax: number,
): Part | 'unsatisfiable' | null {
  const [, first = '', last = ''] =
    /^bytes=(\d{0,15})-(\d{0,15})$/i.exec((range ?? '').replaceAll(' ', '')) ?? []
  if (first === '' && last === '') return null
  if (first === '') {
    const bytes = Math.min(Number(last), sizeBytes)
    if (bytes === 0) return 'unsatisfiable'
    return cut(sizeBytes - bytes, sizeBytes, bytesMax)
  }
  const start = Number(first)
  const end = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes)
  if (last !== '' && Number(last) < start) return null
  return start >= sizeBytes ? 'unsatisfiable' : cut(start, end, bytesMax)
}

const cut = (start: number, end: number, bytesMax: number): Part => ({
  start,
  end: Math.min(end, start + bytesMax),
})
