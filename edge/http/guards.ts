/**
 * Who may pass: reads the Bearer token and checks the role against the row. Ownership of the single
 * record is the handler's, because only it knows the record.
 */
import { CaduceusError } from '../../protocol/errors.ts'
import type { Identity } from '../accounts/identity.ts'
import type { Auth } from './route.ts'

export type Authenticate = (token: string) => Promise<Identity>

/** Throws `unauthenticated`, `token_invalid` or `forbidden`. */
export async function guard(auth: Auth, headers: Readonly<Record<string, string>>, authenticate: Authenticate): Promise<Identity | null> {
  if (auth === 'none') return null
  const header = headers['authorization']
  if (header === undefined || header === '') {
    if (auth === 'optional') return null
    throw new CaduceusError('unauthenticated', 'send the access token as "Authorization: Bearer <token>"')
  }
  const token = /^bearer +(\S+)$/i.exec(header)?.[1]
  if (token === undefined) throw new CaduceusError('unauthenticated', 'the Authorization header must be "Bearer <token>"')
  const identity = await authenticate(token)
  if (auth !== 'optional' && !auth.includes(identity.role))
    throw new CaduceusError('forbidden', `this is for ${auth.join(', ')}; the account is ${identity.role}`)
  return identity
}
