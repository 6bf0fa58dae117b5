/**
 * The pages that have a sign-in of their own in a browser, and the header with which each asks for
 * it. This file imports nothing, because the pages load it as it is.
 */
export const pageSessions = {
  pages: ['customer', 'terminal', 'pharmacy', 'driver', 'live', 'admin'],
  header: 'x-caduceus-page',
} as const

export type PageSessionName = (typeof pageSessions.pages)[number]
