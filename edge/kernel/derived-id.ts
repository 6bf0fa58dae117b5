/** Ids for things that have no id of their own and need the same id each time they are named. */
import { createHash } from 'node:crypto'

/** A UUID (version 8) made from a text. Everybody who knows the text can make the id. */
export function derivedId(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
