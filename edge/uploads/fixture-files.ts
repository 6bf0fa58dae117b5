/** Forms with files, the files of a folder, and the people who send and read them. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { startFixture } from '../acceptance/fixture-edge.ts'

/** A whole edge. */
export type Fixture = Awaited<ReturnType<typeof startFixture>>

/** A form with one file, under a name and a type that the sender states. */
export const form = (bytes: Uint8Array, filename = 'photo.png', type = 'image/png') => {
  const data = new FormData()
  data.append('file', new Blob([bytes as Uint8Array<ArrayBuffer>], { type }), filename)
  return data
}
/** All bytes of a stream. */
export async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}
/** Files below a folder, without those that are being written. */
export const filesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => join(entry.parentPath, entry.name))
    : []

/**
 * Registers everybody who sends or reads files in these tests. `asked` is a pharmacy that a request
 * was sent to.
 */
export async function people(edge: Fixture) {
  const pharmacy = await edge.pharmacy()
  const otherPharmacy = await edge.pharmacy()
  return {
    admin: await edge.admin(),
    customer: await edge.customer(),
    stranger: await edge.customer(),
    pharmacy,
    otherPharmacy,
    asked: await edge.pharmacy(),
    driver: await edge.driver(pharmacy.id),
    otherDriver: await edge.driver(pharmacy.id),
    foreignDriver: await edge.driver(otherPharmacy.id),
  }
}
