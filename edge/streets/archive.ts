/**
 * `map.pmtiles` in DATA_DIR: the streets of an area in one file of tiles (PMTiles, version 3). Pages
 * ask for parts of it and read it themselves; the server looks into its first bytes alone.
 *
 * Rejected: an address for each tile. The server would have to read the directories of the file and
 * hold them in memory, for what the page does with the library of the format's authors.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../../protocol/kernel/environment.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { contentRange, rangeOf } from '../http/ranges.ts'
import type { RouteAnswer } from '../kernel/route.ts'

export interface Archive {
  path: string
  /** Pictures, or shapes that the page draws in colours of its own. */
  kind: 'raster' | 'vector'
  min_zoom: number
  max_zoom: number
}

const fileName = 'map.pmtiles'
const magic = 'PMTiles'
const headerBytes = 127
const version = 3
/** Places of three fields in the header, bytes. */
const typeAt = 99
const zoomsAt = 100
/** The numbers of the kinds of tiles: shapes of Mapbox's format; PNG, JPEG, WebP and AVIF. */
const kinds: Readonly<Record<number, Archive['kind']>> = {
  1: 'vector',
  2: 'raster',
  3: 'raster',
  4: 'raster',
  5: 'raster',
}
/** A tile and a directory are far smaller. */
export const partBytesMax = 4 * 1024 * 1024

/** Null without the file. Throws ConfigError for a file that a page could not draw. */
export function findArchive(dataDir: string): Archive | null {
  const path = join(dataDir, fileName)
  const header = Buffer.alloc(headerBytes)
  try {
    const file = openSync(path, 'r')
    try {
      readSync(file, header, 0, headerBytes, 0)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new ConfigError(`DATA_DIR: ${fileName} cannot be read: ${(error as Error).message}`)
  }
  const kind = kinds[header[typeAt]!]
  const isOurs = header.toString('latin1', 0, magic.length) === magic
  if (!isOurs || header[magic.length] !== version || kind === undefined)
    throw new ConfigError(
      `DATA_DIR: ${fileName} is no PMTiles file of version 3 with PNG, JPEG, WebP, AVIF or Mapbox vector tiles; replace or remove it`,
    )
  return { path, kind, min_zoom: header[zoomsAt]!, max_zoom: header[zoomsAt + 1]! }
}

/**
 * The answer to one request for the file: a part of it, or all of it as fast as the client reads.
 * The tag follows from size and time of the file, so a client notices that it was replaced. Throws
 * `not_found` when it is gone.
 */
export async function archiveAnswer(
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<RouteAnswer> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new CaduceusError('not_found', 'the map has no streets')
    throw error
  })
  let isStreamed = false
  try {
    const { size, mtimeNs } = await file.stat({ bigint: true })
    const sizeBytes = Number(size)
    const etag = `"${size.toString(36)}-${mtimeNs.toString(36)}"`
    const headers = {
      etag,
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=86400',
      'content-type': 'application/octet-stream',
    }
    const known = (fields['if-none-match'] ?? '').split(',').map(tag => tag.trim())
    if (known.some(tag => tag === '*' || tag.replace(/^W\//, '') === etag))
      return { status: 304, headers }
    // A part of another file than the client has would damage what it puts together.
    const isSame = fields['if-range'] === undefined || fields['if-range'].trim() === etag
    const part = isSame ? rangeOf(fields['range'], sizeBytes, partBytesMax) : null
    if (part === 'unsatisfiable')
      return {
        status: 416,
        headers: { ...headers, 'content-range': `bytes */${sizeBytes}` },
        body: new Uint8Array(0),
      }
    if (part === null) {
      isStreamed = true
      return { status: 200, headers, body: chunksOf(file) }
    }
    const { from, to } = part
    const wantedBytes = to - from + 1
    const { buffer, bytesRead } = await file.read(Buffer.alloc(wantedBytes), 0, wantedBytes, from)
    // Somebody has cut the file since its size was read.
    if (bytesRead < wantedBytes) throw new CaduceusError('unavailable', 'the map is being replaced')
    return {
      status: 206,
      headers: {
        ...headers,
        'content-range': contentRange(part, sizeBytes),
      },
      body: buffer,
    }
  } finally {
    if (!isStreamed) await file.close()
  }
}

/** The whole file; it is closed at the end, and when the client leaves. */
function chunksOf(file: FileHandle): AsyncIterable<Uint8Array> {
  const stream = file.createReadStream({ start: 0 })
  return {
    [Symbol.asyncIterator]() {
      const chunks = stream[Symbol.asyncIterator]()
      return {
        next: () => chunks.next() as Promise<IteratorResult<Uint8Array>>,
        async return() {
          stream.destroy()
          return { done: true as const, value: undefined }
        },
      }
    },
  }
}
