/**
 * Decides from the row what the audit trail keeps of an exchange. Every row that changes something
 * or shows a person's record is noted unless it says `audit: false`, so a new row is noted by
 * default.
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
  /** Code of the error catalogue for a refusal; null for a success. */
  code: string | null
  address: string
  userAgent: string | undefined
  requestId: string
}

/**
 * A read with a token shows somebody's records. A read without a token shows public data, unless
 * the row says otherwise.
 */
export const isAudited = (row: AnyRoute): boolean =>
  row.audit !== false &&
  (row.audit !== undefined || row.method !== 'GET' || Array.isArray(row.auth))

/** The row of the audit trail for this exchange. */
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

/**
 * The kind of the target: the first word of the path that is not a prefix. `/api/orders/:id/accept`
 * is about orders.
 */
const kindOf = (path: string): string | null =>
  path
    .split('/')
    .find(word => word !== '' && word !== 'api' && word !== 'v1' && !word.startsWith(':')) ?? null

/**
 * `:id`, or the first parameter that is an id. A tracking token is a secret and not a UUID, so it
 * is never noted.
 */
const idIn = (params: Readonly<Record<string, string>>): string | null =>
  uuidOrNull(params['id']) ??
  Object.values(params)
    .map(uuidOrNull)
    .find(id => id !== null) ??
  null

/** Id of the record that was made (from its location), or of the account that signed in. */
function idOfAnswer({ headers, body }: RouteAnswer): string | null {
  const made = headers?.['location']?.split('/').at(-1)
  if (isUuid(made)) return made
  if (typeof body !== 'object' || body === null) return null
  const { user, user_id } = body as { user?: { id?: unknown } | null; user_id?: unknown }
  return uuidOrNull(user?.id) ?? uuidOrNull(user_id)
}

const uuidOrNull = (value: unknown): string | null => (isUuid(value) ? value.toLowerCase() : null)
