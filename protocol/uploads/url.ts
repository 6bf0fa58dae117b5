/**
 * The text by which an order names an uploaded file. The edge writes it; the order's actor reads it
 * when a delivery is proven.
 */

const prefix = '/api/uploads/file/'
/**
 * With or without the host before it, as older clients write it, and without a query or fragment.
 */
const named =
  /^(?:https?:\/\/[^/?#]{1,253})?\/api\/uploads\/file\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:[?#]|$)/i

/** The text by which an order names the file. */
export const uploadUrl = (id: string): string => prefix + id

/**
 * The id of the upload that a text names, in small letters; null when it names none. It does not
 * check the owner.
 */
export const uploadIdOf = (url: string): string | null =>
  named.exec(url)?.[1]?.toLowerCase() ?? null
