/** The services that wake devices, as this server is configured. */
import type { Clock } from '../kernel/kernel.ts'
import type { PushConfig } from './config.ts'
import type { PushProviders } from './provider.ts'
import { webPush } from './web-push.ts'

export interface Push {
  readonly providers: PushProviders
  /** Null when this server wakes no browsers. */
  readonly vapidPublicKey: string | null
}
/** Parts with the push services. */
export interface WithPush {
  readonly push: Push
}

/** Makes the providers that are configured. */
export function createPush({ vapid, endpoints }: PushConfig, { nowMs, after }: Clock): Push {
  return {
    providers: {
      web: vapid === null ? null : webPush({ ...vapid, rules: endpoints, nowMs, after }),
      fcm: null,
      apns: null,
    },
    vapidPublicKey: vapid?.keys.publicKey ?? null,
  }
}
