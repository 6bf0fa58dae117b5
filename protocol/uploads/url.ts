/** How an order names an uploaded file: written by the edge, read by the order's actor when a delivery is proven. */

const prefix = '/api/uploads/file/'
/** With or without the host before it, as older clients write it, and without what may follow a question mark. */
const named =
  /^(?:https?:\/\/[^/?#]{1,253})?\/api\/uploads\/file\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:[?#]|$)/i

/** By this an order names the file. */
export const uploadUrl = (id: string): string => prefix + id

/** The upload that a text names, its id in small letters; null when it names none. Whose it is, nobody has asked yet. */
export const uploadIdOf = (url: string): string | null =>
  named.exec(url)?.[1]?.toLowerCase() ?? null
