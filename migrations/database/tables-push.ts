/** The tables of the devices that a push service can wake, as Kysely sees them. */
import type { Generated } from 'kysely'
import type { NullableText, NullableTime, Time } from './columns.ts'

export interface PushDevicesTable {
  id: string
  account_id: string
  /** The sign-in that registered the device. */
  family_id: NullableText
  kind: string
  /** The address of a subscription, or the token of an app. Whoever knows it can address the device. */
  endpoint: string
  p256dh: NullableText
  auth: NullableText
  locale: NullableText
  app: NullableText
  created_at: Time
  /** Time when the app last registered it. */
  registered_at: Time
  last_ok_at: NullableTime
  /** Failures since the last success. */
  failures: Generated<number>
  last_failure: NullableText
  last_failure_at: NullableTime
}
