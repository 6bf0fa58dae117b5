/** One range of a file, as RFC 9110 section 14 has it. */
import type { ByteRange } from './storage/storage.ts'

export interface Ranged {
  status: 200 | 206
  /** Null: the whole file. */
  range: ByteRange | null
  headers: Readonly<Record<string, string>>
}

/**
 * The range that the headers ask for. The whole file answers a header that cannot be read, several
 * ranges, a range behind the end of the file, and one with a condition, because a server may ignore
 * each of them.
 */
export function rangeOf(headers: Readonly<Record<string, string>>, bytes: number): Ranged {
  const whole: Ranged = { status: 200, range: null, headers: { 'accept-ranges': 'bytes' } }
  const [, first = '', last = ''] =
    /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers['range'] ?? '') ?? []
  if ((first === '' && last === '') || headers['if-range'] !== undefined) return whole
  const from = first === '' ? Math.max(0, bytes - Number(last)) : Number(first)
  const to = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)
  if (from > to) return whole
  return {
    status: 206,
    range: { from, to },
    headers: { 'accept-ranges': 'bytes', 'content-range': `bytes ${from}-${to}/${bytes}` },
  }
}
