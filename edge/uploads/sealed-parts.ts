/**
 * The pieces of a file that has not arrived whole, encrypted with the key of its owner. A piece is
 * its length and the sealed bytes, so pieces that arrive one after another are appended to one row
 * as they are. Each is bound to the upload and to its place in the file.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { openBytes, sealBytes } from '../keys/envelope.ts'
import { resumableLimits } from './resumable-limits.ts'

/** A key of a person, and whose it is. */
export interface PartKey {
  key: Uint8Array
  ownerId: string
}
const lengthBytes = 4
const placeOf = (uploadId: string, at: number): string => `sealed_parts/${uploadId}/${at}`

/** The piece that begins at byte `at` of the file. */
export function sealPiece(
  { key, ownerId }: PartKey,
  uploadId: string,
  at: number,
  bytes: Uint8Array,
): Buffer {
  const sealed = sealBytes(key, ownerId, placeOf(uploadId, at), bytes)
  const length = Buffer.alloc(lengthBytes)
  length.writeUInt32BE(sealed.length)
  return Buffer.concat([length, sealed])
}

/** The bytes of the pieces of a row, the first of which begins at `at`. Throws for altered ones. */
export function openPieces(
  { key, ownerId }: PartKey,
  uploadId: string,
  at: number,
  row: Buffer,
): Buffer {
  const pieces: Buffer[] = []
  let next = at
  for (let from = 0; from < row.length;) {
    const length = from + lengthBytes <= row.length ? row.readUInt32BE(from) : 0
    from += lengthBytes
    const piece = openBytes(
      key,
      ownerId,
      placeOf(uploadId, next),
      row.subarray(from, from + length),
    )
    if (piece === null || piece.length === 0)
      throw new Error('a part of an upload does not open: the database was altered')
    pieces.push(piece)
    next += piece.length
    from += length
  }
  return Buffer.concat(pieces)
}

/** The next parts of an upload from byte `from` on, in their order, encrypted or not. */
export async function partsFrom(
  db: Kysely<Tables>,
  uploadId: string,
  from: number,
): Promise<{ at: number; bytes: Buffer; is_sealed: boolean }[]> {
  const { rows } = await sql<{ at: number; bytes: Buffer; is_sealed: boolean }>`
    select at, bytes, false as is_sealed from upload_parts
    where upload_id = ${uploadId} and at >= ${from}
    union all
    select at, bytes, true from sealed_parts where upload_id = ${uploadId} and at >= ${from}
    order by at limit ${resumableLimits.partsPerRead}`.execute(db)
  return rows
}
