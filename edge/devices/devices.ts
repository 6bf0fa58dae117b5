/**
 * The devices of drivers in the database. A device's secret is a random part of its paths. It is
 * stored as a hash and shown once. The passphrase of an encrypted device is sealed, because the
 * server needs it to open messages.
 */
import { randomBytes } from 'node:crypto'
import { sql, type Selectable } from 'kysely'
import type { DriverDevicesTable } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { hashToken } from '../accounts/tokens.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { seal, unseal } from '../kernel/sealing.ts'
import type { WithStandings } from '../kernel/standing.ts'
import { deviceLimits } from './limits.ts'

export type DeviceContext = Pick<Kernel, 'database' | 'nowMs' | 'random' | 'log'> &
  WithConfig<KernelConfig> &
  WithStandings
export type DeviceRow = Omit<Selectable<DriverDevicesTable>, 'secret_hash'>

const columns = [
  'id',
  'driver_id',
  'name',
  'passphrase_sealed',
  'created_by',
  'created_at',
  'ended_at',
  'last_seen_at',
  'last_protocol',
  'battery_percent',
  'positions_count',
  'simulated_count',
  'last_simulated_at',
] as const

/**
 * Makes a device. Returns its secret and its passphrase, which cannot be shown again. Throws
 * `device_limit_reached`.
 */
export async function createDevice(
  ctx: DeviceContext,
  made: { driverId: string; name: string; encrypted: boolean; by: string },
): Promise<{ row: DeviceRow; secret: string; passphrase: string | null }> {
  const secret = randomBytes(deviceLimits.secretBytes).toString('base64url')
  const passphrase = made.encrypted
    ? randomBytes(deviceLimits.secretBytes).toString('base64url')
    : null
  const id = uuidV7(ctx.nowMs(), ctx.random)
  const row = await ctx.database.kysely.transaction().execute(async tx => {
    // Devices of one driver are made one at a time; otherwise two at once could both be the last
    // allowed one.
    await sql`select pg_advisory_xact_lock(hashtextextended(${made.driverId}, 22))`.execute(tx)
    const { count } = await tx
      .selectFrom('driver_devices')
      .select(eb => eb.fn.countAll<number>().as('count'))
      .where('driver_id', '=', made.driverId)
      .where('ended_at', 'is', null)
      .executeTakeFirstOrThrow()
    if (Number(count) >= deviceLimits.devicesPerDriverMax)
      throw new CaduceusError(
        'device_limit_reached',
        `a driver may have ${deviceLimits.devicesPerDriverMax} devices; end one first`,
      )
    return tx
      .insertInto('driver_devices')
      .values({
        id,
        driver_id: made.driverId,
        name: made.name,
        secret_hash: hashToken(secret),
        passphrase_sealed: passphrase === null ? null : seal(ctx.config.jwtSecret, id, passphrase),
        created_by: made.by,
        created_at: new Date(ctx.nowMs()),
      })
      .returning(columns)
      .executeTakeFirstOrThrow()
  })
  return { row, secret, passphrase }
}

/** All devices of a driver, newest first; the last ended ones too. */
export function devicesOf(
  { database }: Pick<DeviceContext, 'database'>,
  driverId: string,
): Promise<DeviceRow[]> {
  return database.kysely
    .selectFrom('driver_devices')
    .select(columns)
    .where('driver_id', '=', driverId)
    .orderBy('id', 'desc')
    .limit(deviceLimits.devicesPerDriverMax + deviceLimits.endedDevicesPerDriverMax)
    .execute()
}

/**
 * Ends a device at once, on every edge; a repeat has no effect. Older ended devices of the driver
 * are deleted beyond the bound. Throws `not_found`.
 */
export async function endDevice(
  { database, nowMs }: Pick<DeviceContext, 'database' | 'nowMs'>,
  driverId: string,
  id: string,
): Promise<DeviceRow> {
  const db = database.kysely
  const row = await db
    .updateTable('driver_devices')
    .set(eb => ({ ended_at: eb.fn.coalesce('ended_at', eb.val(new Date(nowMs()))) }))
    .where('id', '=', id)
    .where('driver_id', '=', driverId)
    .returning(columns)
    .executeTakeFirst()
  if (row === undefined) throw new CaduceusError('not_found', 'no such device')
  await db
    .deleteFrom('driver_devices')
    .where('driver_id', '=', driverId)
    .where('ended_at', 'is not', null)
    .where('id', 'not in', eb =>
      eb
        .selectFrom('driver_devices')
        .select('id')
        .where('driver_id', '=', driverId)
        .where('ended_at', 'is not', null)
        .orderBy('ended_at', 'desc')
        .orderBy('id', 'desc')
        .limit(deviceLimits.endedDevicesPerDriverMax),
    )
    .execute()
  return row
}

/** A device that sends, and its driver. */
export interface KnownDevice {
  id: string
  driverId: string
  passphrase: string | null
  /** True while positions may be taken. A driver off duty is not followed. */
  onDuty: boolean
}

/**
 * The device of a secret. It is read for each request, so an ended device stops at once. Throws
 * `not_found` for an unknown or an ended one: the only refusal that a phone hears for good.
 */
export async function deviceOf(ctx: DeviceContext, secret: string): Promise<KnownDevice> {
  const row = await ctx.database.kysely
    .selectFrom('driver_devices as device')
    .innerJoin('drivers as driver', 'driver.id', 'device.driver_id')
    .leftJoin('users as account', 'account.id', 'driver.user_id')
    .select([
      'device.id',
      'device.passphrase_sealed',
      'driver.id as driver_id',
      'driver.status',
      'driver.active_order_ids',
      'account.is_active',
    ])
    .where('device.secret_hash', '=', hashToken(secret))
    .where('device.ended_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined)
    throw new CaduceusError('not_found', 'no such device, or it has ended; make a new one')
  const { access } = await ctx.standings.of({
    role: 'driver',
    pharmacyId: null,
    driverId: row.driver_id,
  })
  const carries = row.active_order_ids.length > 0
  // A busy driver carries an order.
  const works = row.status === 'available' || carries
  return {
    id: row.id,
    driverId: row.driver_id,
    passphrase: opened(ctx, row.id, row.passphrase_sealed),
    onDuty:
      row.is_active !== false && (access === 'full' ? works : access === 'carrying' && carries),
  }
}

/**
 * A passphrase that was sealed under another signing key is replaced by one that opens nothing, so
 * that its device does not become one that sends in plain text.
 */
function opened(ctx: DeviceContext, id: string, sealed: string | null): string | null {
  if (sealed === null) return null
  const passphrase = unseal(ctx.config.jwtSecret, id, sealed)
  if (passphrase !== null) return passphrase
  ctx.log.warn(
    { device_id: id },
    'the passphrase of a device was sealed under another JWT_SECRET_KEY; make the device anew',
  )
  return randomBytes(deviceLimits.secretBytes).toString('base64url')
}
