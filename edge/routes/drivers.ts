/**
 * Drivers: `/api/drivers`. The profile is the edge's row; availability, load and totals are the driver
 * actor's, changed by command and read from the same row, where only the journal writes them.
 */
import Type from 'typebox'
import { commandSchemas, type DriverCommandData } from '../../protocol/commands.ts'
import { CaduceusError } from '../../protocol/errors.ts'
import { uuidV7 } from '../../protocol/ids.ts'
import { limits } from '../../protocol/limits.ts'
import { Uuid } from '../../protocol/principal.ts'
import { driverStatuses } from '../../protocol/rest/driver.ts'
import { OrderView } from '../../protocol/rest/order.ts'
import { accountById, createAccount, isUniqueViolation } from '../accounts/accounts.ts'
import type { Identity } from '../accounts/identity.ts'
import { signIn } from '../accounts/sessions.ts'
import type { EdgeContext } from '../context.ts'
import { healProfile, tellProfile } from '../dispatch/driver-profile.ts'
import { once, withBody } from '../dispatch/idempotency.ts'
import { addressGroup } from '../http/address.ts'
import { changed, etagOf, expectedRevisions, requireRevision } from '../http/preconditions.ts'
import { route, type AnyRoute } from '../http/route.ts'
import { signedInBody } from './auth.ts'
import { driverRows, driverView, DriverProfile, mayManage, type DriverRow } from './driver-reads.ts'
import { listOrders, orderFilters } from './order-reads.ts'
import { shownStatuses } from './requests.ts'
import { closedObject, Email, nextCursor, page, paged, Password, PersonName, Phone, SignedInView, VerificationToken } from './shapes.ts'
import { isActiveVendor } from './vendors.ts'

export type DriverContext = Pick<EdgeContext, 'config' | 'database' | 'endedAccess' | 'messenger' | 'commands' | 'nowMs' | 'random'>

const tags = ['drivers']
const DriverId = Type.Object({ id: Uuid })
const VehicleType = commandSchemas.driver.register.properties.vehicle_type
const PlateOrLicense = Type.String({ minLength: 1, maxLength: 40 })

export function driverRoutes(ctx: DriverContext): AnyRoute[] {
  const db = ctx.database.kysely

  /** Throws `driver_not_found` also for a driver of somebody else. */
  const managed = async (identity: Identity, id: string): Promise<DriverRow> => {
    const row = await driverRows(db).where('drivers.id', '=', id).executeTakeFirst()
    if (row === undefined || !mayManage(identity, row)) throw new CaduceusError('driver_not_found', 'no such driver')
    return row
  }
  /** Tells the actor who it is; the fixed command id makes every repeat the same command. */
  const registerActor = async (row: Pick<DriverRow, 'id' | 'vendor_id' | 'full_name' | 'phone' | 'vehicle_type'>, capacity: number): Promise<void> => {
    const data = { vendor_id: row.vendor_id, full_name: row.full_name, phone: row.phone, vehicle_type: row.vehicle_type, capacity }
    await ctx.commands.driver({ id: `register:${row.id}`, actor_id: row.id, verb: 'register', by: { role: 'system', id: 'edge' }, data })
  }
  const setStatus = async (row: DriverRow, by: { role: 'driver' | 'vendor' | 'admin'; id: string }, commandId: string, data: DriverCommandData['set_status']) => {
    const command = { id: commandId, actor_id: row.id, verb: 'set_status', by, data }
    try {
      return await ctx.commands.driver(command)
    } catch (error) {
      if (!(error instanceof CaduceusError) || error.code !== 'driver_not_found') throw error
      // No engine could be reached when the driver was registered: now is the time to make up for it.
      await registerActor(row, row.capacity)
      return await ctx.commands.driver({ ...command, id: `${commandId}:2` })
    }
  }

  return [
    route({
      method: 'POST', path: '/api/drivers/register', operationId: 'registerDriver', tags, auth: 'none',
      summary: 'Register a driver of a pharmacy; an account with the role driver and no record completes itself here',
      body: closedObject({
        email: Email, full_name: PersonName, phone: Phone, password: Password, verification_token: VerificationToken, vendor_id: Uuid, vehicle_type: VehicleType,
        vehicle_number: Type.Optional(PlateOrLicense), license_number: Type.Optional(PlateOrLicense),
        capacity: Type.Optional(commandSchemas.driver.register.properties.capacity),
      }),
      responses: { 201: { description: 'The driver, signed in', schema: Type.Object({ driver: DriverProfile, ...SignedInView.properties }) } },
      errors: ['email_taken', 'vendor_not_found', 'overloaded', 'code_wrong'],
      handler: async ({ body, headers, address: from, log }) => {
        const { password, verification_token, capacity = limits.driverCapacityDefault, vehicle_number = null, license_number = null, ...profile } = body
        if (!await isActiveVendor(ctx, body.vendor_id)) throw new CaduceusError('vendor_not_found', 'no such pharmacy, or it is not active')
        const account = { email: body.email, full_name: body.full_name, phone: body.phone, role: 'driver' as const, password, from: addressGroup(from), proof: { token: verification_token, origin: { userAgent: headers['user-agent'], address: from } } }
        const { userId, record } = await createAccount(db, ctx, account, async (tx, user_id) => {
          const id = uuidV7(ctx.nowMs(), ctx.random)
          await tx.insertInto('drivers').values({ id, user_id, vehicle_number, license_number, membership: 'active', ...profile }).execute()
          return { id, ...profile }
        }, found => found.driver_id === null)
          .catch((error: unknown) => { throw isUniqueViolation(error, 'drivers_user_id_key') ? new CaduceusError('email_taken') : error })
        await registerActor(record, capacity).catch((error: unknown) => log.warn({ err: error, driver_id: record.id }, 'the driver will be made known to the engine at the first change of status'))
        const [signedIn, row] = await Promise.all([
          accountById(db, userId).then(found => signIn(ctx, found!, { userAgent: headers['user-agent'], address: from })),
          driverRows(db).where('drivers.id', '=', record.id).executeTakeFirstOrThrow(),
        ])
        const { message, ...rest } = signedInBody('Driver registration successful', signedIn)
        return { status: 201, body: { message, driver: driverView(row), ...rest } }
      },
    }),
    route({
      method: 'GET', path: '/api/drivers', operationId: 'listDrivers', summary: 'A pharmacy\'s drivers; an admin\'s are all', tags, auth: ['vendor', 'admin'], scope: 'drivers:read',
      query: closedObject({ ...page, status: Type.Optional(Type.Enum([...driverStatuses])), vendor_id: Type.Optional(Uuid) }),
      responses: { 200: { description: 'A page', schema: Type.Object({ drivers: Type.Array(DriverProfile), next_cursor: nextCursor }) } },
      handler: async ({ principal, query: { limit = limits.listLimitDefault, cursor, status, vendor_id } }) => {
        let query = driverRows(db)
        if (principal.role === 'vendor') query = query.where('drivers.vendor_id', '=', principal.id)
        if (vendor_id !== undefined) query = query.where('drivers.vendor_id', '=', vendor_id)
        if (status !== undefined) query = query.where('drivers.status', '=', status)
        if (cursor !== undefined) query = query.where('drivers.id', '<', cursor)
        const { rows, next_cursor } = paged(await query.orderBy('drivers.id', 'desc').limit(limit + 1).execute(), limit)
        return { status: 200, body: { drivers: rows.map(driverView), next_cursor } }
      },
    }),
    route({
      method: 'GET', path: '/api/drivers/:id', operationId: 'getDriver', summary: 'One driver, with the last known position', tags, auth: ['driver', 'vendor', 'admin'], scope: 'drivers:read', params: DriverId, versioned: true,
      responses: { 200: { description: 'The driver', schema: DriverProfile } }, errors: ['driver_not_found'],
      handler: async ({ identity, params }) => {
        const row = await managed(identity, params.id)
        const live = await ctx.commands.position({ driver_id: row.id }).catch(() => null)
        const position = live?.position
        return {
          status: 200,
          body: driverView(position ? { ...row, latitude: position.latitude, longitude: position.longitude, position_at: new Date(position.at_ms) } : row),
          headers: { etag: etagOf(row.revision) },
        }
      },
    }),
    route({
      method: 'PATCH', path: '/api/drivers/:id', operationId: 'updateDriver', summary: 'Change the driver\'s profile', tags, auth: ['driver', 'vendor', 'admin'], params: DriverId, versioned: true,
      body: closedObject({
        full_name: Type.Optional(PersonName), phone: Type.Optional(Phone), vehicle_type: Type.Optional(VehicleType),
        vehicle_number: Type.Optional(PlateOrLicense), license_number: Type.Optional(PlateOrLicense),
      }),
      responses: { 200: { description: 'The driver', schema: DriverProfile } }, errors: ['driver_not_found'],
      handler: async ({ identity, principal, params, body, headers, log }) => {
        requireRevision(headers, (await managed(identity, params.id)).revision)
        const expected = expectedRevisions(headers)
        const updated = await db.updateTable('drivers').set({ ...body, updated_at: new Date(ctx.nowMs()) }).where('id', '=', params.id)
          .$if(expected !== null, q => q.where('revision', 'in', expected!)).returning('id').executeTakeFirst()
        if (updated === undefined) throw changed()
        if (body.full_name !== undefined || body.phone !== undefined || body.vehicle_type !== undefined) await tellProfile(ctx, params.id, principal, log)
        const row = await managed(identity, params.id)
        return { status: 200, body: driverView(row), headers: { etag: etagOf(row.revision) } }
      },
    }),
    route({
      method: 'PATCH', path: '/api/drivers/:id/status', operationId: 'setDriverStatus', summary: 'Go on or off duty; `busy` follows from deliveries and is not set', tags,
      auth: ['driver', 'vendor', 'admin'], scope: 'drivers:write', params: DriverId, body: commandSchemas.driver.set_status, idempotent: true,
      responses: { 200: { description: 'The driver', schema: DriverProfile } }, errors: ['driver_not_found', 'driver_has_active_orders'],
      handler: async request => {
        const { identity, params, body, principal } = request
        const row = await managed(identity, params.id)
        const answer = await once(ctx, request, 'setDriverStatus', async ({ commandId }) => {
          const { driver } = await setStatus(row, principal as Parameters<typeof setStatus>[1], commandId, body)
          await healProfile(ctx, driver, request.log)
          return { status: 200, body: { status: driver.status, capacity: driver.capacity, active_order_ids: driver.active_order_ids } }
        })
        return withBody(answer, (state: Pick<typeof row, 'status' | 'capacity' | 'active_order_ids'>) => driverView({ ...row, ...state }))
      },
    }),
    route({
      method: 'GET', path: '/api/drivers/:id/deliveries', operationId: 'listDeliveries', summary: 'Orders that the driver was assigned to, newest first', tags, auth: ['driver', 'vendor', 'admin'], params: DriverId,
      query: closedObject({ ...page, ...orderFilters, status: Type.Optional(Type.Enum(shownStatuses)) }),
      responses: { 200: { description: 'A page', schema: Type.Object({ deliveries: Type.Array(OrderView), next_cursor: nextCursor }) } }, errors: ['driver_not_found'],
      handler: async ({ identity, params, query }) => {
        await managed(identity, params.id)
        const { orders, next_cursor } = await listOrders(ctx, identity, { ...query, driver_id: params.id })
        return { status: 200, body: { deliveries: orders, next_cursor } }
      },
    }),
  ]
}
