/**
 * Clients of the older broadcast API expect a full URL of a file. Our URLs are paths, because the
 * server may have several names.
 */
export const absolute = (url: string, origin: string | null): string =>
  url.startsWith('/') && origin !== null ? origin + url : url
