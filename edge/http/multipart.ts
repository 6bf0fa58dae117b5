/**
 * Bodies that carry files: `multipart/form-data`, or one raw file. Parsing is uWebSockets' getParts
 * over a body that was already capped while it arrived.
 */
import { getParts } from 'uWebSockets.js'
import type Type from 'typebox'
import { CaduceusError } from '../../protocol/errors.ts'
import { httpLimits } from './limits.ts'
import { coerce, invalid } from './validate.ts'
import type { FilePart, MultipartBody } from './route.ts'

export interface Form { fields: Record<string, unknown>; files: FilePart[] }

/** Throws `invalid_request` for parts that the row does not know, that come twice or that are missing. */
export function readForm(body: Uint8Array, contentType: string, row: MultipartBody<Type.TSchema>): Form {
  const parts = getParts(body, contentType)
  if (parts === undefined) throw new CaduceusError('invalid_request', 'the body is not multipart/form-data with the boundary its content type names')
  if (parts.length > httpLimits.formPartsMax) throw new CaduceusError('invalid_request', `the form has more than ${httpLimits.formPartsMax} parts`)
  const texts: Record<string, string> = Object.create(null)
  let textBytes = 0
  const files: FilePart[] = []
  for (const part of parts) {
    if (Object.hasOwn(row.files, part.name)) {
      if (files.some(f => f.name === part.name)) throw invalid([{ field: part.name, rule: 'is given twice' }])
      // A form sends an empty part for a file input that nobody filled.
      if (part.data.byteLength === 0) continue
      files.push({ name: part.name, filename: part.filename ?? null, type: part.type ?? null, data: new Uint8Array(part.data.slice(0)) })
    } else {
      if (part.name in texts) throw invalid([{ field: part.name, rule: 'is given twice' }])
      textBytes += part.data.byteLength
      if (textBytes > httpLimits.formTextBytesMax) throw new CaduceusError('body_too_large', `the texts of the form may have at most ${httpLimits.formTextBytesMax} bytes together`)
      texts[part.name] = Buffer.from(part.data).toString('utf8')
    }
  }
  requireFiles(files, row)
  return { fields: coerce(row.fields, texts), files }
}

/** The whole body as the one file that `row.raw` names. */
export function readRaw(body: Uint8Array, contentType: string, row: MultipartBody<Type.TSchema>): Form {
  const files = body.byteLength === 0 ? [] : [{ name: row.raw!, filename: null, type: contentType, data: body }]
  requireFiles(files, row)
  return { fields: {}, files }
}

function requireFiles(files: readonly FilePart[], row: MultipartBody<Type.TSchema>): void {
  const missing = Object.entries(row.files).filter(([name, file]) => file.required && !files.some(f => f.name === name))
  if (missing.length > 0) throw invalid(missing.map(([name]) => ({ field: name, rule: 'is required' })))
}
