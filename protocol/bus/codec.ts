/**
 * Bodies on the bus are msgpack maps. A body that begins with `{` is read as JSON, so that a person
 * can take part with a command-line client. This is for our own processes only: `frames.ts` decodes
 * location frames from devices and expects malice, which msgpackr does not.
 */
import { Packr, Unpackr } from 'msgpackr'
import { CaduceusError } from '../kernel/errors.ts'

// Records would tie a body to the connection on which the reader learnt their shapes.
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true })
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

/** The value as a msgpack map. */
export const encodeBody = (value: unknown): Uint8Array => packr.pack(value)

/** Throws CaduceusError `message_malformed` for bytes that are neither msgpack nor JSON. */
export function decodeBody(bytes: Uint8Array): unknown {
  try {
    if (bytes[0] === 0x7b)
      return JSON.parse(
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
      )
    return unpackr.unpack(bytes)
  } catch {
    throw new CaduceusError('message_malformed', 'body is neither a msgpack map nor JSON')
  }
}
