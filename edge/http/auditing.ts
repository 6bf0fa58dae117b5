/**
 * What of an exchange the audit trail keeps, decided by the row alone: every row that changes something
 * or shows a person's record is noted unless it says `audit: false`, so a route added tomorrow is noted
 * without its author's help.
 */
import { isUuid } from '../../protocol/kernel/ids.ts'
import type { AuditEntry } from '../audit/port.ts'
import type { Identity } from '../kernel/identity.ts'
import type { AnyRoute, RouteAnswer } from '../kernel/route.ts'

export interface AuditedExchange {
  row: AnyRoute
  params: Readonly<Record<string, string>>
  identity: Identity | null
  answer: RouteAnswer
  /** Of the error catalogue, when it failed. */
  code: string | null
  address: string
  userAgent: string | undefined
  requestId: string
}

/** Reads with a token are of somebody's records; reads without one are of what is public, unless the row says otherwise. */
export const isAudited = (row: AnyRoute): boolean =>
  row.audit !== false &&
  (row.audit !== undefined || row.method !== 'GET' || Array.isArray(row.auth))

export function auditEntry({
  row,
  params,
  identity,
  answer,
  code,
  address,
  userAgent,
  requestId,
}: AuditedExchange): AuditEntry {
  const declared = row.audit === false ? undefined : row.audit
  return {
    actorRole: identity?.role ?? 'anonymous',
    actorId: identity?.userId ?? null,
    operation: row.operationId,
    targetKind: declared?.kind ?? kindOf(row.path),
    targetId:
      idIn(params) ??
      (code === null ? (uuidOrNull(declared?.id?.(answer.body)) ?? idOfAnswer(answer)) : null),
    address,
    userAgent: userAgent ?? null,
    status: answer.status,
    code,
    requestId,
  }
}

/** `/api/orders/:id/accept` is about orders: the first word that is not a prefix. */
const kindOf = (path: string): string | null =>
  path
    .split('/')
    .find(word => word !== '' && word !== 'api' && word !== 'v1' && !word.startsWith(':')) ?? null

/** `:id`, or the first parameter that is an id. A tracking token is a secret and no UUID, so it never gets here. */
const idIn = (params: Readonly<Record<string, string>>): string | null =>
  uuidOrNull(params['id']) ??
  Object.values(params)
    .map(uuidOrNull)
    .find(id => id !== null) ??
  null

/** What was made (its place), or the account that was signed in. */
function idOfAnswer({ headers, body }: RouteAnswer): string | null {
  const made = headers?.['location']?.split('/').at(-1)
  if (isUuid(made)) return made
  if (typeof body !== 'object' || body === null) return null
  const { user, user_id } = body as { user?: { id?: unknown } | null; user_id?: unknown }
  return uuidOrNull(user?.id) ?? uuidOrNull(user_id)
}

const uuidOrNull = (value: unknown): string | null => (isUuid(value) ? value.toLowerCase() : null)
