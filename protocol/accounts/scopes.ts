/**
 * The scopes that an API key may have. A row of the route table names the scope that it needs. This
 * file imports nothing, because a page loads it as it is.
 */
export const scopes = [
  'orders:read',
  'orders:write',
  'drivers:read',
  'drivers:write',
  'vendors:read',
  'webhooks:read',
  'webhooks:write',
] as const
export type Scope = (typeof scopes)[number]
