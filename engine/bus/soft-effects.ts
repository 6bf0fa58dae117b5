/**
 * Runs the soft effects of a transition: pushes and claims. A failure is logged, and
 * resynchronisation repairs it.
 */
import type { Claims } from '../../protocol/claims/claims.ts'
import type { Effect } from '../actors/effects.ts'
import type { Pusher } from './pusher.ts'

export type SoftEffect = Exclude<Effect, { do: 'command' }>

/** Makes the function that runs one soft effect. It never throws. */
export const softEffects =
  (
    pusher: Pusher,
    claims: Claims,
    log: (level: 'warn', message: string, detail?: unknown) => void,
  ) =>
  (effect: SoftEffect): void => {
    const softly = (orderId: string, done: Promise<void>): void => {
      done.catch(error => log('warn', `claim of ${orderId} not written; the actor decides`, error))
    }
    switch (effect.do) {
      case 'push':
        return pusher.add(effect.push)
      case 'openClaim':
        return softly(
          effect.orderId,
          claims.open(effect.orderId, effect.pharmacyIds, effect.deadlineMs),
        )
      case 'confirmClaim':
        return softly(effect.orderId, claims.confirm(effect.orderId, effect.pharmacyId))
      case 'closeClaim':
        return softly(effect.orderId, claims.close(effect.orderId, effect.as))
    }
  }
