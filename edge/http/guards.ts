/**
 * The check of the caller: reads the Bearer token or API key and compares the role, or the key's
 * scope, with the row. The handler checks who owns a single record, because only it knows the
 * record.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { bearerOf } from '../kernel/bearer.ts'
import { refusedFor } from '../kernel/standing.ts'
import { apiKeyMark, type Identity } from '../kernel/identity.ts'
import { memberRights, requireRole } from '../kernel/member-rights.ts'
import type { AnyRoute } from '../kernel/route.ts'

/** Takes an access token or an API key; throws `token_invalid` for anything else. */
export type Authenticate = (credential: string) => Promise<Identity>

/**
 * Throws `unauthenticated`, `token_invalid` and `forbidden`, also for a member of a pharmacy whose
 * role does not suffice; `vendor_not_active` or `driver_not_member` for a caller who may not work.
 */
export async function guard(
  {
    operationId,
    auth,
    scope,
    standing,
    expiredToken,
  }: Pick<AnyRoute, 'operationId' | 'auth' | 'scope' | 'standing' | 'expiredToken'>,
  headers: Readonly<Record<string, string>>,
  authenticate: Authenticate,
): Promise<Identity | null> {
  if (auth === 'none') return null
  const credential = credentialOf(headers)
  if (credential === null) {
    if (auth === 'optional') return null
    throw new CaduceusError(
      'unauthenticated',
      'send the access token as "Authorization: Bearer <token>"',
    )
  }
  const identity = await authenticate(credential).catch((error: unknown) => {
    if (
      expiredToken === 'ignored' &&
      error instanceof CaduceusError &&
      error.code === 'token_invalid'
    )
      return null
    throw error
  })
  if (identity === null) return null
  if (identity.role === 'service') {
    if (scope === undefined) throw new CaduceusError('forbidden', 'this is not open to API keys')
    if (identity.scopes?.includes(scope) !== true)
      throw new CaduceusError('forbidden', `this needs a key with the scope ${scope}`)
    return identity
  }
  if (auth !== 'optional' && !auth.includes(identity.role))
    throw new CaduceusError(
      'forbidden',
      `this is for ${auth.join(', ')}; the account is ${identity.role}`,
    )
  requireRole(identity, memberRights.get(operationId) ?? 'owner')
  const access = identity.standing?.access ?? 'full'
  const any = standing === 'any' || standing === identity.role
  if (!any && access !== 'full' && access !== standing)
    throw refusedFor(identity.role, identity.standing!.why)
  return identity
}

/**
 * The one credential of the request. A request with two credentials is refused, because it does not
 * say which one it means.
 */
function credentialOf(headers: Readonly<Record<string, string>>): string | null {
  const header = headers['authorization'] ?? ''
  const key = headers['x-api-key'] ?? ''
  if (header !== '' && key !== '')
    throw new CaduceusError('unauthenticated', 'send either Authorization or X-API-Key, not both')
  if (header === '' && key !== '' && !key.startsWith(apiKeyMark))
    throw new CaduceusError('token_invalid', 'X-API-Key holds no API key')
  if (header === '') return key === '' ? null : key
  const token = bearerOf(headers)
  if (token === null)
    throw new CaduceusError('unauthenticated', 'the Authorization header must be "Bearer <token>"')
  return token
}
