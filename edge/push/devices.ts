/**
 * The devices of an account that a push service can wake. A device is dropped when its service says
 * that the address is dead for good, and never because of other failures: a service that is down,
 * or a key that the operator lost, would otherwise end every device.
 */
import { sql, type Kysely, type Selectable, type SqlBool } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { pushLimits } from './limits.ts'
import type { PushKind, PushTarget, PushVerdict } from './provider.ts'

export type DeviceRow = Selectable<Tables['push_devices']>

export interface Registration extends PushTarget {
  accountId: string
  /** The sign-in; null for a token without one. */
  familyId: string | null
  kind: PushKind
  locale: string | null
  app: string | null
}

/** True while the sign-in that registered the device `d` has not been ended. */
const isSignedIn = sql<SqlBool>`not exists (
  select from sessions where sessions.family_id = d.family_id and sessions.revoked_at is not null)`

/**
 * Registers a device, or writes anew what it says. One address is one device: when another account
 * signs in on it, it belongs to that account, so that the person before is not heard there. The
 * devices used longest ago go beyond the bound.
 */
export async function register(
  { database, nowMs, random }: Pick<Kernel, 'database' | 'nowMs' | 'random'>,
  { accountId, familyId, kind, endpoint, p256dh, auth, locale, app }: Registration,
): Promise<DeviceRow> {
  const now = new Date(nowMs())
  return database.kysely.transaction().execute(async tx => {
    // Devices of one account are registered one at a time, so that the bound holds.
    await sql`select pg_advisory_xact_lock(hashtextextended(${accountId}, 31))`.execute(tx)
    await tx
      .deleteFrom('push_devices')
      .where('kind', '=', kind)
      .where('endpoint', '=', endpoint)
      .where('account_id', '!=', accountId)
      .execute()
    const said = { family_id: familyId, p256dh, auth, locale, app, registered_at: now }
    const row = await tx
      .insertInto('push_devices')
      .values({
        id: uuidV7(nowMs(), random),
        account_id: accountId,
        kind,
        endpoint,
        created_at: now,
        ...said,
      })
      .onConflict(conflict =>
        conflict
          .columns(['kind', 'endpoint'])
          .doUpdateSet({ ...said, account_id: accountId, failures: 0 }),
      )
      .returningAll()
      .executeTakeFirstOrThrow()
    await tx
      .deleteFrom('push_devices')
      .where('id', 'in', eb =>
        eb
          .selectFrom('push_devices')
          .select('id')
          .where('account_id', '=', accountId)
          .where('id', '!=', row.id)
          .orderBy(sql`greatest(last_ok_at, registered_at)`, 'desc')
          .orderBy('id', 'desc')
          .offset(pushLimits.devicesPerAccountMax - 1),
      )
      .execute()
    return row
  })
}

/** The devices of an account whose sign-in goes on, newest first. */
export async function devicesOf(db: Kysely<Tables>, accountId: string): Promise<DeviceRow[]> {
  return db
    .selectFrom('push_devices as d')
    .selectAll('d')
    .where('account_id', '=', accountId)
    .where(isSignedIn)
    .orderBy('id', 'desc')
    .execute()
}

/** Forgets a device of the account. False when there is none. */
export async function forget(db: Kysely<Tables>, accountId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('push_devices')
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/**
 * Notes the answer of the service at the device. A dead address ends the device, unless the app has
 * registered it again since the message was sent.
 */
export async function note(
  db: Kysely<Tables>,
  id: string,
  verdict: PushVerdict,
  sentAtMs: number,
  nowMs: number,
): Promise<void> {
  const now = new Date(nowMs)
  const { outcome, answer } = verdict
  if (outcome === 'gone')
    await db
      .deleteFrom('push_devices')
      .where('id', '=', id)
      .where('registered_at', '<=', new Date(verdict.sinceMs ?? sentAtMs))
      .execute()
  else
    await db
      .updateTable('push_devices')
      .where('id', '=', id)
      .set(eb =>
        outcome === 'accepted'
          ? { last_ok_at: now, failures: 0 }
          : {
              failures: eb('failures', '+', 1),
              last_failure: answer,
              last_failure_at: now,
            },
      )
      .execute()
}

/** Deletes devices whose sign-in was ended. */
export async function deleteSignedOut({
  database: { kysely: db },
}: Pick<Kernel, 'database'>): Promise<{ deleted: number }> {
  const { numDeletedRows } = await db
    .deleteFrom('push_devices as d')
    .where(({ not }) => not(isSignedIn))
    .executeTakeFirst()
  return { deleted: Number(numDeletedRows) }
}
