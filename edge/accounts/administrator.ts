/** Makes an administrator's account for `npm run admin` only; over HTTP only an administrator makes others. */
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/open.ts'
import { writtenEmail } from '../../protocol/accounts/emails.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { createAccount } from './accounts.ts'
import type { AdministratorAnswer, NewAdministrator } from './admin-socket.ts'

/** Resolves to the id of the account, or to the reason of a refusal. */
export async function makeAdministrator(
  database: Kysely<Tables>,
  clock: { nowMs(): number; random(): number },
  { email, name, phone, password }: NewAdministrator,
): Promise<AdministratorAnswer> {
  const account = {
    email: writtenEmail(email),
    full_name: name,
    phone,
    role: 'admin' as const,
    password,
  }
  try {
    const { userId } = await createAccount(database, clock, account, async () => null)
    return { id: userId }
  } catch (error) {
    if (error instanceof CaduceusError && error.code === 'email_taken')
      return { refused: 'this e-mail has an account already' }
    throw error
  }
}
