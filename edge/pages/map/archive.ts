/** A file of tiles that a page reads by parts, with the library of the format's authors. */
import type { PMTiles } from 'pmtiles'

/** The archive at a path of this server. The library is loaded when a map needs it. */
export async function openArchive(path: string): Promise<PMTiles> {
  const library = await import('pmtiles')
  return new library.PMTiles(new URL(path, location.href).href)
}
