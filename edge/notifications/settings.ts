/** How a person wants to be told: language, time zone, quiet hours, and mail once a day. */
import Type from 'typebox'
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { isKnownZone } from '../../protocol/appointments/zones.ts'
import { notificationTexts, type Language } from '../../protocol/notifications/texts.ts'
import { closedObject, nullable } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'

const languages = Object.keys(notificationTexts) as Language[]
const Time = Type.String({
  pattern: '^([01]\\d|2[0-3]):[0-5]\\d$',
  'x-rule': 'must be a time of day such as 22:00',
})
const fields = {
  language: nullable(
    Type.Enum([...languages], { description: 'Null: that of each device, or English' }),
  ),
  time_zone: nullable(
    Type.String({ maxLength: 64, description: 'IANA name, such as Asia/Kolkata; null: UTC' }),
  ),
  quiet_hours: nullable(closedObject({ from: Time, to: Time })),
  digest: Type.Enum(['none', 'daily'], {
    description: '`daily`: mail that can wait comes once a day, at eight in the morning',
  }),
} as const

export const SettingsView = Type.Object(fields)
/** Those that are not named stay as they are. */
export const SettingsChange = closedObject({
  language: Type.Optional(fields.language),
  time_zone: Type.Optional(fields.time_zone),
  quiet_hours: Type.Optional(fields.quiet_hours),
  digest: Type.Optional(fields.digest),
})
type Settings = Type.Static<typeof SettingsView>

/** The settings of an account; those that nobody has made are null. */
export async function settingsOf(db: Kysely<Tables>, accountId: string): Promise<Settings> {
  const row = await db
    .selectFrom('notification_settings')
    .selectAll()
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  const { quiet_from: from = null, quiet_to: to = null } = row ?? {}
  return {
    language: (row?.language ?? null) as Language | null,
    time_zone: row?.time_zone ?? null,
    quiet_hours: from === null || to === null ? null : { from, to },
    digest: row?.digest ?? 'none',
  }
}

/** Changes settings. Throws `invalid_request`. */
export async function changeSettings(
  db: Kysely<Tables>,
  accountId: string,
  { language, time_zone, quiet_hours, digest }: Type.Static<typeof SettingsChange>,
): Promise<void> {
  const refuse = (field: string, rule: string) => invalid([{ field: `settings.${field}`, rule }])
  if (typeof time_zone === 'string' && !isKnownZone(time_zone))
    throw refuse('time_zone', 'is not a time zone such as Asia/Kolkata')
  if (quiet_hours?.from !== undefined && quiet_hours.from === quiet_hours.to)
    throw refuse('quiet_hours.to', 'is the same as from; use null for no quiet hours')
  const row = {
    ...(language !== undefined && { language }),
    ...(time_zone !== undefined && { time_zone }),
    ...(quiet_hours !== undefined && {
      quiet_from: quiet_hours?.from ?? null,
      quiet_to: quiet_hours?.to ?? null,
    }),
    ...(digest !== undefined && { digest }),
  }
  await db
    .insertInto('notification_settings')
    .values({ account_id: accountId, ...row })
    .onConflict(conflict =>
      Object.keys(row).length === 0
        ? conflict.doNothing()
        : conflict.column('account_id').doUpdateSet(row),
    )
    .execute()
}
