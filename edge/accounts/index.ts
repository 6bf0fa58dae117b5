/**
 * Accounts: registration, sign-in, one-time codes, sessions, API keys, and the identity of a
 * caller.
 */
import { closeCodes } from '../../protocol/kernel/errors.ts'
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { accountRoutes } from './account.ts'
import { adminAccountRoutes } from './admin-accounts.ts'
import { ApiKeyView, apiKeyRoutes } from './api-key-routes.ts'
import { authRoutes, type AuthContext } from './routes.ts'
import { otpRoutes } from './otp.ts'
import { AccountView } from '../kernel/shapes.ts'
import { access } from './callers.ts'
import { completePhones } from './complete-phones.ts'
import { readAccountsConfig } from './config.ts'
import { createEndedAccess } from './ended-access.ts'
import { examples } from './examples.ts'
import { deleteExpiredAccess } from './housekeeping.ts'
import { pageSessionRoutes } from './page-sessions.ts'
import { preparePasswords } from './passwords.ts'

export const accounts = feature<Kernel & Omit<AuthContext, 'endedAccess'>>()({
  name: 'accounts',
  config: readAccountsConfig,
  services({ config, database, bus, log, nowMs, after, hub }) {
    const endedAccess = createEndedAccess({ config, database, bus, log, nowMs, after })
    hub.addGuard((_session, identity) =>
      endedAccess.hasEnded(identity)
        ? { closeCode: closeCodes.unauthenticated, reason: 'the sign-in has ended' }
        : null,
    )
    endedAccess.onEnded(() => hub.forEach(session => hub.closeIfEnded(session)))
    return { endedAccess }
  },
  routes: parts => [
    ...authRoutes(parts),
    ...pageSessionRoutes(parts),
    ...otpRoutes(parts),
    ...accountRoutes(parts),
    ...adminAccountRoutes(parts),
    ...apiKeyRoutes(parts),
  ],
  async prepare({ endedAccess }) {
    await preparePasswords()
    await endedAccess.announce()
  },
  start(parts) {
    completePhones(parts).catch((error: unknown) =>
      parts.log.warn(
        { err: error },
        'phone numbers without a country could not be completed; the next start tries again',
      ),
    )
    return () => {}
  },
  jobs: {
    delete_expired: every(10, 'Deletes expired sign-ins, tickets and codes', deleteExpiredAccess),
  },
  close: ({ endedAccess }) => endedAccess.close(),
  named: { Account: AccountView, ApiKey: ApiKeyView },
  tags: {
    auth: 'Accounts, sign-in, one-time codes, sessions',
    admin: 'For administrators',
    'rides (older API)': 'Names of the ride backend',
  },
  access,
  examples,
  answers: 'edge/accounts/answers.json',
})
