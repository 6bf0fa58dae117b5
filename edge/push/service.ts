/** The services that wake devices, as this server is configured. */
import type { Clock } from '../kernel/kernel.ts'
import type { PushConfig } from './config.ts'
import type { PushProviders } from './provider.ts'
import { apns } from './apns.ts'
import { fcm } from './fcm.ts'
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
export function createPush(config: PushConfig, { nowMs, after }: Clock): Push {
  const { vapid, endpoints } = config
  return {
    providers: {
      web: vapid === null ? null : webPush({ ...vapid, rules: endpoints, nowMs, after }),
      fcm: config.fcm === null ? null : fcm({ ...config.fcm, nowMs }),
      apns: config.apns === null ? null : apns({ ...config.apns, nowMs }),
    },
    vapidPublicKey: vapid?.keys.publicKey ?? null,
  }
}
