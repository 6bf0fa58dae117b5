/**
 * Header fields as HTTP means them: one that comes in several lines is one list in their order, and a
 * request whose end two readers could see in different places is refused, because whoever stands between
 * us and the client may be the other reader. What our library refuses by itself is not looked for here:
 * a length that is no number, a length beside chunks, HTTP/1.0, chunk extensions.
 */
import { MIMEType } from 'node:util'
import type { HttpRequest } from '../kernel/uws.ts'

export interface RequestHeaders {
  /** Names in small letters; the lines of one name joined by a comma. */
  readonly fields: Readonly<Record<string, string>>
  /** Why the request is refused before anything else of it is believed; null when it is sound. */
  readonly fault: string | null
}

/** Must be called while the handler runs: the library's request is gone afterwards. */
export function readHeaders(req: Pick<HttpRequest, 'forEach'>): RequestHeaders {
  const fields: Record<string, string> = Object.create(null)
  let fault: string | null = null
  req.forEach((name, value) => {
    const before = fields[name]
    if (before !== undefined && alone.has(name)) fault = `the header ${name} comes twice`
    fields[name] = before === undefined ? value : `${before}, ${value}`
  })
  const length = fields['content-length']
  const coding = fields['transfer-encoding']
  if (fault === null && length !== undefined && !/^\d{1,15}$/.test(length))
    fault = 'the header content-length is no number of bytes'
  if (fault === null && coding !== undefined && coding.trim().toLowerCase() !== 'chunked')
    fault = 'the only transfer-encoding that this server reads is chunked'
  return { fields, fault }
}

/** Where the request ends, whom it is for and who sends it: two answers to one of these are one too many. */
const alone = new Set(['content-length', 'transfer-encoding', 'host', 'authorization'])

export interface MediaType {
  /** In small letters, such as `application/json`; '' when the header is missing or no media type. */
  essence: string
  /** As given, in small letters; null when none is named. */
  charset: string | null
}

/** Of a Content-Type header. */
export function mediaTypeOf(fields: Readonly<Record<string, string>>): MediaType {
  const given = fields['content-type']
  if (given === undefined || given.trim() === '') return { essence: '', charset: null }
  try {
    const type = new MIMEType(given)
    return { essence: type.essence, charset: type.params.get('charset')?.toLowerCase() ?? null }
  } catch {
    // Said back to the caller, who is told that it is not taken.
    return { essence: given.split(';', 1)[0]!.trim().toLowerCase(), charset: null }
  }
}

/** Whether a browser asks for a page: HTML is named in Accept and not less wanted than JSON. */
export function prefersPage(fields: Readonly<Record<string, string>>): boolean {
  const page = wishFor(fields, 'text/html')
  return page > 0 && page >= wishFor(fields, 'application/json')
}

/** Whether a program asks for JSON where there is a page too: it names JSON, and more wanted than HTML. */
export const prefersJson = (fields: Readonly<Record<string, string>>): boolean =>
  wishFor(fields, 'application/json') > wishFor(fields, 'text/html')

function wishFor(fields: Readonly<Record<string, string>>, type: string): number {
  for (const range of (fields['accept'] ?? '').split(',')) {
    const [name, ...parameters] = range.split(';').map(part => part.trim().toLowerCase())
    if (name !== type) continue
    const quality = parameters.find(parameter => parameter.startsWith('q='))
    return quality === undefined ? 1 : Number(quality.slice(2)) || 0
  }
  return 0
}
