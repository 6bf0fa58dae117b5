/**
 * Bounds the accounts that one address makes in a day. Each account may ask pharmacies, upload
 * files and fill lists, so the number of accounts decides what an attacker can do.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { RateLimits } from '../rate/rate-limits.ts'

/**
 * Runs `make`; a failure does not count. `from`: the group of addresses that registers; null for
 * the program itself. Throws `too_many_requests` with the seconds until the window of a day ends.
 */
export async function countedRegistration<T>(
  rates: RateLimits | null,
  from: string | null,
  make: () => Promise<T>,
): Promise<T> {
  if (rates === null || from === null) return make()
  const { allowed, resetSeconds } = await rates.count('registration', 'address', from)
  if (!allowed)
    throw new CaduceusError(
      'too_many_requests',
      `too many accounts were made from this address today; try again in ${resetSeconds} s`,
      undefined,
      resetSeconds,
    )
  return make().catch(async (error: unknown) => {
    await rates.giveBack('registration', 'address', from)
    throw error
  })
}
