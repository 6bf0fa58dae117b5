/** Which URLs name a file of this server. */
import { uploadUrl } from '../../protocol/uploads/url.ts'

/**
 * The id of the file that a URL names by its path on this server; null for every other text. A path may have the
 * signature of a link behind it. One with a host is somebody else's word: it is `ownPath` that knows our own host.
 */
export const uploadIdOf = (url: string): string | null =>
  /^\/api\/uploads\/file\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\?|$)/i
    .exec(url)?.[1]
    ?.toLowerCase() ?? null

/**
 * A URL as orders keep it: of a file of ours the bare path, whatever link and whichever name of this server it was
 * read with. Everything else stays as it was written. `origin`: under which the caller reached this server.
 */
export function ownPath(url: string, origin: string | null): string {
  const id = uploadIdOf(
    origin !== null && url.startsWith(`${origin}/`) ? url.slice(origin.length) : url,
  )
  return id === null ? url : uploadUrl(id)
}
