/** Bounds of one-time codes, sign-ins, keys and cached contacts. */
import { messengerLimits } from '../messenger/limits.ts'
import { relation } from '../../protocol/kernel/limits.ts'

export const accountLimits = {
  /** Age that a customer's name and phone may have on a new order. */
  contactCacheMs: 30_000,
  contactCacheMax: 20_000,
  codeLifeMs: 10 * 60_000,
  codeTriesMax: 5,
  codesPerDestinationPerHourMax: 5,
  /** With the tries of each code, about a hundred guesses a day at one in a million. */
  codesPerDestinationPerDayMax: 20,
  /** A whole office may ask from one address. */
  codesPerAddressPerHourMax: 60,
  /** Time that a verified e-mail may wait for its registration. */
  emailProofLifeMs: 60 * 60_000,
  sessionsPerAccountMax: 100,
  apiKeysMax: 1_000,
  apiKeyDaysMax: 3_650,
  /** Accuracy of "last used"; each update is a write. */
  apiKeyTouchMs: 60_000,
} as const

relation(
  messengerLimits.messageAttemptsMax *
    (messengerLimits.messageTimeoutMs +
      2 ** messengerLimits.messageAttemptsMax * messengerLimits.messageRetryMs) <
    accountLimits.codeLifeMs,
  'a code that is delivered late is still good',
)
