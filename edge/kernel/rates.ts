/**
 * The rates at which one account and one address may ask, by class of route. The defaults for an
 * address are generous, because a hospital, a mobile network or a load balancer that hides its
 * clients is one address. They are strict only where guessing pays: sign-in and one-time codes
 * count for the account that they aim at.
 */
import { integerVariable, type Environment } from '../../protocol/kernel/environment.ts'

const windowSecondsDefault = 60
/** Long, because guessing is slow: 25 tries in it are a hundred in an hour. */
const authAccountWindowSeconds = 15 * 60

export const rateClasses = ['auth', 'write', 'read', 'upload', 'public', 'socket'] as const
/**
 * `auth`: registers, signs in, sends or checks a code. `write` and `read`: with a token. `upload`:
 * takes a file. `public`: without a token. `socket`: opens a WebSocket.
 */
export type RateClass = (typeof rateClasses)[number]
export type RateBy = 'account' | 'address'
/**
 * Rates that count an address alone. `registration`: accounts made in a day. Rejected: to count by
 * the e-mail address as well, because strangers could use up the allowance of its owner.
 */
export type OfAddress = 'registration'

export interface RateRule {
  requestsMax: number
  windowSeconds: number
}
export type RateRules = Readonly<
  Record<RateClass, Readonly<Record<RateBy, RateRule>>> &
    Record<OfAddress, Readonly<Record<'address', RateRule>>>
>

/** Requests per window; each is `RATE_LIMIT_<CLASS>_PER_<BY>` in the environment. */
const defaults: Record<RateClass, Record<RateBy, number>> = {
  auth: { account: 25, address: 1_000 },
  write: { account: 1_200, address: 12_000 },
  read: { account: 3_000, address: 30_000 },
  upload: { account: 120, address: 1_200 },
  public: { account: 3_000, address: 6_000 },
  // An app that reconnects in a loop, and a hospital whose network came back, both fit.
  socket: { account: 600, address: 6_000 },
}
/**
 * A clinic's opening day behind one address fits, and the accounts that one stranger makes stay few
 * enough for the clinic to look through.
 */
const registrationsPerDay = 1_000
const daySeconds = 24 * 3_600

/**
 * Throws ConfigError. The windows are fixed, because an operator thinks in requests per minute and
 * registrations per day.
 */
export function readRateRules(environment: Environment): RateRules {
  const rule = (
    name: RateClass | OfAddress,
    by: RateBy,
    requestsMax: number,
    windowSeconds: number,
  ): RateRule => ({
    requestsMax: integerVariable(
      environment,
      `RATE_LIMIT_${name.toUpperCase()}_PER_${by.toUpperCase()}`,
      requestsMax,
      1,
      1_000_000_000,
    ),
    windowSeconds,
  })
  const classes = Object.fromEntries(
    rateClasses.map(name => [
      name,
      {
        account: rule(
          name,
          'account',
          defaults[name].account,
          name === 'auth' ? authAccountWindowSeconds : windowSecondsDefault,
        ),
        address: rule(name, 'address', defaults[name].address, windowSecondsDefault),
      },
    ]),
  ) as Record<RateClass, Record<RateBy, RateRule>>
  return {
    ...classes,
    registration: { address: rule('registration', 'address', registrationsPerDay, daySeconds) },
  }
}
