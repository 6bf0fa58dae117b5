/**
 * Unix sockets below a directory whose path is too long for them: a link in the temporary folder
 * makes it short.
 */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Shortest limit of the platforms (macOS) for the path of a unix socket, its final zero included. */
const socketPathBytesMax = 104

export interface Reachable {
  directory: string
  /** Removes the link, where there is one. Sockets that are bound or connected stay so. */
  remove(): void
}

/** The directory, or a link to it. `longestName` is that of the longest socket in it. */
export function reachable(directory: string, longestName = '.s.PGSQL.5432'): Reachable {
  if (Buffer.byteLength(join(directory, longestName)) < socketPathBytesMax)
    return { directory, remove() {} }
  const parent = mkdtempSync(join(tmpdir(), 'cad-'))
  const link = join(parent, 'l')
  symlinkSync(directory, link)
  return { directory: link, remove: () => rmSync(parent, { recursive: true, force: true }) }
}
