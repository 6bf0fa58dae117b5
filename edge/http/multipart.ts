/**
 * Bodies that carry files: `multipart/form-data`, or one raw file. The body was bounded while it
 * arrived; a library then reads the form, with all variants of boundaries, parameters and names
 * that senders write.
 *
 * Rejected: uWebSockets' getParts, which takes the rest of the header as the boundary, with its
 * quotes.
 */
import { Busboy } from '@fastify/busboy'
import type Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { httpLimits } from '../kernel/http-limits.ts'
import { coerce, invalid } from '../kernel/validate.ts'
import type { FilePart, MultipartBody } from '../kernel/route.ts'

export interface Form {
  fields: Record<string, unknown>
  files: FilePart[]
}

/**
 * Throws `invalid_request` for a body that is not a form and for parts that are given twice or
 * missing, and `body_too_large` for texts that are too long together. A part that the row does not
 * name becomes a field, which the check of the fields refuses.
 */
export async function readForm(
  body: Uint8Array,
  contentType: string,
  row: MultipartBody<Type.TSchema>,
): Promise<Form> {
  const { texts, files } = await partsOf(body, contentType, row)
  requireFiles(files, row)
  return { fields: coerce(row.fields, texts), files }
}

function partsOf(
  body: Uint8Array,
  contentType: string,
  row: MultipartBody<Type.TSchema>,
): Promise<{ texts: Record<string, string>; files: FilePart[] }> {
  return new Promise((resolve, reject) => {
    const texts: Record<string, string> = Object.create(null)
    const files: FilePart[] = []
    let parts = 0
    let textBytes = 0
    const noForm = () =>
      new CaduceusError(
        'invalid_request',
        'the body is not multipart/form-data with the boundary its content type names, or has no end',
      )
    let form: InstanceType<typeof Busboy>
    try {
      form = new Busboy({
        headers: { 'content-type': contentType },
        isPartAFile: name => name !== undefined && Object.hasOwn(row.files, name),
        limits: {
          parts: httpLimits.formPartsMax,
          fieldSize: httpLimits.formTextBytesMax,
          fieldNameSize: httpLimits.formNameBytesMax,
          headerPairs: httpLimits.formPartsMax,
        },
      })
    } catch {
      reject(noForm())
      return
    }
    const twice = (name: string): boolean => name in texts || files.some(file => file.name === name)
    form.on('field', (name, value, nameTruncated, valueTruncated) => {
      parts++
      textBytes += Buffer.byteLength(value)
      if (nameTruncated)
        reject(
          new CaduceusError(
            'invalid_request',
            'a part of the form has no name, or a very long one',
          ),
        )
      else if (valueTruncated || textBytes > httpLimits.formTextBytesMax)
        reject(
          new CaduceusError(
            'body_too_large',
            `the texts of the form may have at most ${httpLimits.formTextBytesMax} bytes together`,
          ),
        )
      else if (twice(name)) reject(invalid([{ field: name, rule: 'is given twice' }]))
      else texts[name] = value
    })
    form.on('file', (name, stream, filename, _encoding, type) => {
      parts++
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
      })
      stream.on('end', () => {
        const data = new Uint8Array(Buffer.concat(chunks))
        // A form sends an empty part for a file input that is empty.
        if (data.byteLength === 0) return
        if (twice(name)) reject(invalid([{ field: name, rule: 'is given twice' }]))
        else files.push({ name, filename: filename || null, type: type || null, data })
      })
    })
    form.on('partsLimit', () =>
      reject(
        new CaduceusError(
          'invalid_request',
          `the form has more than ${httpLimits.formPartsMax} parts`,
        ),
      ),
    )
    form.on('error', () => reject(noForm()))
    form.on('finish', () => {
      if (parts === 0 && body.byteLength > 0) reject(noForm())
      else resolve({ texts, files })
    })
    form.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
  })
}

/** Reads the whole body as the one file that `row.raw` names. */
export function readRaw(
  body: Uint8Array,
  contentType: string,
  row: MultipartBody<Type.TSchema>,
): Form {
  const files =
    body.byteLength === 0 ? [] : [{ name: row.raw!, filename: null, type: contentType, data: body }]
  requireFiles(files, row)
  return { fields: {}, files }
}

function requireFiles(files: readonly FilePart[], row: MultipartBody<Type.TSchema>): void {
  const missing = Object.entries(row.files).filter(
    ([name, file]) => file.required && !files.some(f => f.name === name),
  )
  if (missing.length > 0)
    throw invalid(missing.map(([name]) => ({ field: name, rule: 'is required' })))
}
