/** Reads `Authorization: Bearer <token>`, for the guard of HTTP and for rows that take a refresh token there. */

/** The token of the header; null when the header is absent or has another form. */
export const bearerOf = (headers: Readonly<Record<string, string>>): string | null =>
  /^bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1] ?? null
