/** Bounds of one-time codes, sign-ins, keys and what is remembered of accounts. */
import { messengerLimits } from '../messenger/limits.ts'
import { relation } from '../../protocol/kernel/limits.ts'

export const accountLimits = {
  /** A customer's name and phone may be this old on a new order. */
  contactCacheMs: 30_000,
  contactCacheMax: 20_000,
  codeLifeMs: 10 * 60_000,
  codeTriesMax: 5,
  codesPerDestinationPerHourMax: 5,
  /** With the tries of each, a hundred guesses a day at one in a million. */
  codesPerDestinationPerDayMax: 20,
  /** A whole office may ask from one address. */
  codesPerAddressPerHourMax: 60,
  /** How long a verified e-mail may wait for its registration. */
  emailProofLifeMs: 60 * 60_000,
  sessionsPerAccountMax: 100,
  apiKeysMax: 1_000,
  apiKeyDaysMax: 3_650,
  /** How exact "last used" is; each touch is a write. */
  apiKeyTouchMs: 60_000,
} as const

relation(
  messengerLimits.messageAttemptsMax *
    (messengerLimits.messageTimeoutMs +
      2 ** messengerLimits.messageAttemptsMax * messengerLimits.messageRetryMs) <
    accountLimits.codeLifeMs,
  'a code that is delivered late is still good',
)
