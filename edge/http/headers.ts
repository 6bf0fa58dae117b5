/**
 * Header fields by the rules of HTTP. A field in several lines is one list in their order. A
 * request whose end two readers could see in different places is refused, because a proxy between
 * us and the client may be the other reader. Faults that our library refuses by itself are not
 * checked here: a length beside chunks, HTTP/1.0, chunk extensions.
 */
import { MIMEType } from 'node:util'
import type { HttpRequest } from '../kernel/uws.ts'

export interface RequestHeaders {
  /** Names in small letters; the lines of one name joined by commas. */
  readonly fields: Readonly<Record<string, string>>
  /**
   * The reason to refuse the request before anything else in it is trusted; null for a sound
   * request.
   */
  readonly fault: string | null
}

/** Must be called while the handler runs, because the library's request is invalid afterwards. */
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

/**
 * Fields that decide where the request ends, which host it is for and who sends it. Two values of
 * one of them would be ambiguous.
 */
const alone = new Set(['content-length', 'transfer-encoding', 'host', 'authorization'])

export interface MediaType {
  /**
   * Media type in small letters, such as `application/json`; '' when the header is missing. A
   * header that is not a media type is kept as text.
   */
  essence: string
  /** Character set in small letters; null when none is named. */
  charset: string | null
}

/** The media type of a Content-Type header. */
export function mediaTypeOf(fields: Readonly<Record<string, string>>): MediaType {
  const given = fields['content-type']
  if (given === undefined || given.trim() === '') return { essence: '', charset: null }
  try {
    const type = new MIMEType(given)
    return { essence: type.essence, charset: type.params.get('charset')?.toLowerCase() ?? null }
  } catch {
    // The refusal repeats it to the caller.
    return { essence: given.split(';', 1)[0]!.trim().toLowerCase(), charset: null }
  }
}

/** True for a browser that asks for a page: Accept names HTML and does not prefer JSON to it. */
export function prefersPage(fields: Readonly<Record<string, string>>): boolean {
  const page = wishFor(fields, 'text/html')
  return page > 0 && page >= wishFor(fields, 'application/json')
}

/** True for a program that asks for JSON where there is a page too: Accept prefers JSON to HTML. */
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
