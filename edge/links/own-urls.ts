/** Recognises URLs that name a file of this server. */
import { uploadUrl } from '../../protocol/uploads/url.ts'

/**
 * The id of the file that a URL names by its path on this server; null for any other text. The path
 * may have the signature of a link behind it. A URL with a host is not accepted here; `ownPath`
 * knows our own host.
 */
export const uploadIdOf = (url: string): string | null =>
  /^\/api\/uploads\/file\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\?|$)/i
    .exec(url)?.[1]
    ?.toLowerCase() ?? null

/**
 * A URL in the form in which orders store it. A file of ours becomes its bare path, without
 * signature or host; any other URL stays unchanged. `origin`: the origin by which the caller
 * reached this server.
 */
export function ownPath(url: string, origin: string | null): string {
  const id = uploadIdOf(
    origin !== null && url.startsWith(`${origin}/`) ? url.slice(origin.length) : url,
  )
  return id === null ? url : uploadUrl(id)
}
