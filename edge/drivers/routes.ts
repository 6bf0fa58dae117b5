/**
 * Drivers: `/api/drivers`. The edge owns the profile. The driver's actor owns availability, load
 * and totals; they are changed by command and read from the same row, where only the journal writes
 * them.
 */
import { orderStatuses } from '../../protocol/orders/statuses.ts'
import Type from 'typebox'
import { commandSchemas } from '../../protocol/dispatch/commands.ts'
import { VehicleType } from '../../protocol/drivers/vehicles.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { driverStatuses, memberships } from '../../protocol/drivers/statuses.ts'
import { OrderView } from '../../protocol/orders/view.ts'
import { refuseTooManyDrivers } from '../approval/bounds.ts'
import { InvitationCode } from '../approval/driver-routes.ts'
import { hasLeft, partFromOld } from '../approval/leaving.ts'
import {
  pharmacyOfInvitation,
  redeemInvitation,
  type InvitationTries,
} from '../approval/invitations.ts'
import {
  decideMembership,
  registerActor,
  tellDriver,
  tellPharmacyOf,
} from '../approval/memberships.ts'
import { accountById, createAccount, isUniqueViolation } from '../accounts/accounts.ts'
import type { Identity } from '../kernel/identity.ts'
import { signIn } from '../accounts/sessions.ts'
import type { AccountsConfig } from '../accounts/config.ts'
import type { WithEndedAccess } from '../accounts/ended-access.ts'
import type { RegistrationConfig } from '../approval/registration.ts'
import type { TrackingConfig } from '../tracking/config.ts'
import type { WithStandings } from '../kernel/standing.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { healProfile, tellProfile } from '../accounts/driver-profile.ts'
import { once, withBody } from '../idempotency/idempotency.ts'
import { addressGroup } from '../kernel/address.ts'
import { changed, etagOf, expectedRevisions, requireRevision } from '../http/preconditions.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { invalid } from '../kernel/validate.ts'
import { signedInBody } from '../accounts/routes.ts'
import {
  driverRows,
  driverView,
  driverViewFor,
  DriverProfile,
  mayManage,
  type DriverRow,
} from '../approval/driver-reads.ts'
import { listOrders, orderFilters } from '../orders/reads.ts'
import { figuresOf } from '../ratings/figures.ts'
import {
  closedObject,
  Email,
  nextCursor,
  page,
  paged,
  Password,
  PersonName,
  Phone,
  SignedInView,
  VerificationToken,
} from '../kernel/shapes.ts'
import { isActivePharmacy } from '../pharmacies/routes.ts'

export type DriverContext = Pick<Kernel, 'database' | 'commands' | 'log' | 'nowMs' | 'random'> &
  WithEndedAccess &
  WithMessenger &
  WithStandings &
  WithConfig<KernelConfig & AccountsConfig & RegistrationConfig & TrackingConfig>

const tags = ['drivers']
const DriverId = Type.Object({ id: Uuid })
const PlateOrLicense = Type.String({ minLength: 1, maxLength: 40 })

/** The rows of `/api/drivers`. `tries` counts wrong invitation codes. */
export function driverRoutes(ctx: DriverContext, tries: InvitationTries): AnyRoute[] {
  const db = ctx.database.kysely
  const open = ctx.config.registration === 'open'

  /** Throws `driver_not_found`, also for another pharmacy's driver. */
  const managed = async (identity: Identity, id: string): Promise<DriverRow> => {
    const row = await driverRows(db).where('drivers.id', '=', id).executeTakeFirst()
    if (row === undefined || !mayManage(identity, row))
      throw new CaduceusError('driver_not_found', 'no such driver')
    return row
  }
  return [
    route({
      method: 'POST',
      path: '/api/drivers/register',
      operationId: 'registerDriver',
      tags,
      auth: 'none',
      summary:
        'Register a driver of a pharmacy: with its invitation at once, otherwise the pharmacy decides. An account with the role driver and no record, or with an ended membership elsewhere, is completed here',
      body: closedObject({
        email: Email,
        full_name: PersonName,
        phone: Phone,
        password: Password,
        verification_token: VerificationToken,
        vehicle_type: VehicleType,
        vehicle_number: Type.Optional(PlateOrLicense),
        license_number: Type.Optional(PlateOrLicense),
        capacity: Type.Optional(commandSchemas.driver.register.properties.capacity),
        /** Not needed with an invitation, which names the pharmacy. */
        vendor_id: Type.Optional(Uuid),
        invitation_code: Type.Optional(InvitationCode),
      }),
      responses: {
        201: {
          description: 'The driver, signed in',
          schema: Type.Object({ driver: DriverProfile, ...SignedInView.properties }),
        },
      },
      errors: [
        'email_taken',
        'vendor_not_found',
        'overloaded',
        'code_wrong',
        'invitation_invalid',
        'too_many_requests',
      ],
      handler: async ({ body, headers, address: from, log }) => {
        const {
          password,
          verification_token,
          capacity = limits.driverCapacityDefault,
          vehicle_number = null,
          license_number = null,
          invitation_code,
          vendor_id: named,
          ...person
        } = body
        if (named === undefined && invitation_code === undefined)
          throw invalid([{ field: 'vendor_id', rule: 'is required without an invitation_code' }])
        const registered_from = addressGroup(from)
        const { userId, record } = await tries
          .guard(registered_from, async () => {
            const vendor_id =
              named?.toLowerCase() ?? (await pharmacyOfInvitation(ctx, invitation_code!))
            if (!(await isActivePharmacy(ctx, vendor_id)))
              throw new CaduceusError('vendor_not_found', 'no such pharmacy, or it is not active')
            const membership =
              open || invitation_code !== undefined ? ('active' as const) : ('pending' as const)
            const account = {
              email: body.email,
              full_name: body.full_name,
              phone: body.phone,
              role: 'driver' as const,
              password,
              from: registered_from,
              proof: {
                token: verification_token,
                origin: { userAgent: headers['user-agent'], address: from },
              },
            }
            return createAccount(
              db,
              ctx,
              account,
              async (tx, user_id) => {
                if (invitation_code !== undefined)
                  await redeemInvitation(tx, invitation_code, vendor_id, ctx.nowMs())
                else if (!open) await refuseTooManyDrivers(tx, vendor_id, registered_from)
                await partFromOld(tx, user_id, vendor_id)
                const id = uuidV7(ctx.nowMs(), ctx.random)
                const profile = {
                  ...person,
                  vendor_id,
                  membership,
                  registered_from: membership === 'pending' ? registered_from : null,
                }
                await tx
                  .insertInto('drivers')
                  .values({ id, user_id, vehicle_number, license_number, ...profile })
                  .execute()
                return { id, ...profile }
              },
              found => found.driver_id === null || hasLeft(db, found.id, vendor_id),
            )
          })
          .catch((error: unknown) => {
            throw isUniqueViolation(error, 'drivers_user_id_key')
              ? new CaduceusError('email_taken')
              : error
          })
        await registerActor(ctx, { ...record, capacity }).catch((error: unknown) =>
          log.warn(
            { err: error, driver_id: record.id },
            'the driver will be made known to the engine at the first change of status',
          ),
        )
        if (record.membership === 'pending')
          await tellPharmacyOf(ctx, record.vendor_id, record.full_name)
        const [signedIn, row] = await Promise.all([
          accountById(db, userId).then(found =>
            signIn(ctx, found!, { userAgent: headers['user-agent'], address: from }),
          ),
          driverRows(db).where('drivers.id', '=', record.id).executeTakeFirstOrThrow(),
        ])
        const { message, ...rest } = signedInBody(
          record.membership === 'active'
            ? 'Driver registration successful'
            : 'Driver registration received; the pharmacy decides upon it',
          signedIn,
        )
        return { status: 201, body: { message, driver: driverView(row), ...rest } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/drivers',
      operationId: 'listDrivers',
      summary: "The drivers of the caller's pharmacy; for an administrator all drivers",
      tags,
      auth: ['vendor', 'admin'],
      scope: 'drivers:read',
      query: closedObject({
        ...page,
        status: Type.Optional(Type.Enum([...driverStatuses])),
        membership: Type.Optional(Type.Enum([...memberships])),
        vendor_id: Type.Optional(Uuid),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ drivers: Type.Array(DriverProfile), next_cursor: nextCursor }),
        },
      },
      handler: async ({
        identity,
        principal,
        query: { limit = limits.listLimitDefault, cursor, status, membership, vendor_id },
      }) => {
        let query = driverRows(db)
        if (principal.role === 'vendor') query = query.where('drivers.vendor_id', '=', principal.id)
        if (vendor_id !== undefined) query = query.where('drivers.vendor_id', '=', vendor_id)
        if (status !== undefined) query = query.where('drivers.status', '=', status)
        if (membership !== undefined) query = query.where('drivers.membership', '=', membership)
        if (cursor !== undefined) query = query.where('drivers.id', '<', cursor)
        const { rows, next_cursor } = paged(
          await query
            .orderBy('drivers.id', 'desc')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        const figures = await figuresOf(
          db,
          'driver',
          rows.map(row => row.id),
        )
        const drivers = rows.map(row => ({
          ...driverViewFor(identity, row),
          rating: figures.get(row.id) ?? null,
        }))
        return { status: 200, body: { drivers, next_cursor } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/drivers/:id',
      operationId: 'getDriver',
      summary: 'One driver, with the last known position',
      tags,
      auth: ['driver', 'vendor', 'admin'],
      scope: 'drivers:read',
      standing: 'driver',
      params: DriverId,
      versioned: true,
      responses: { 200: { description: 'The driver', schema: DriverProfile } },
      errors: ['driver_not_found'],
      handler: async ({ identity, params }) => {
        const row = await managed(identity, params.id)
        const [live, figures] = await Promise.all([
          ctx.commands.position({ driver_id: row.id }).catch(() => null),
          figuresOf(db, 'driver', [row.id]),
        ])
        const position = live?.position
        const view = driverViewFor(
          identity,
          position
            ? {
                ...row,
                latitude: position.latitude,
                longitude: position.longitude,
                position_at: new Date(position.at_ms),
              }
            : row,
        )
        return {
          status: 200,
          body: { ...view, rating: figures.get(row.id) ?? null },
          headers: { etag: etagOf(row.revision) },
        }
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/drivers/:id',
      operationId: 'updateDriver',
      summary:
        "Change the driver's profile; the pharmacy ends the membership with `is_active` false, and approves it with true",
      tags,
      auth: ['driver', 'vendor', 'admin'],
      standing: 'driver',
      params: DriverId,
      versioned: true,
      body: closedObject({
        full_name: Type.Optional(PersonName),
        phone: Type.Optional(Phone),
        vehicle_type: Type.Optional(VehicleType),
        vehicle_number: Type.Optional(PlateOrLicense),
        license_number: Type.Optional(PlateOrLicense),
        is_active: Type.Optional(Type.Boolean()),
      }),
      responses: { 200: { description: 'The driver', schema: DriverProfile } },
      errors: ['driver_not_found', 'forbidden'],
      handler: async request => {
        const {
          identity,
          principal,
          params,
          log,
          body: { is_active, ...profile },
          headers,
        } = request
        if (is_active !== undefined && identity.role === 'driver')
          throw new CaduceusError('forbidden', 'only the pharmacy decides whether you belong to it')
        const before = await managed(identity, params.id)
        requireRevision(headers, before.revision)
        const expected = expectedRevisions(headers)
        if (is_active !== undefined)
          await decideMembership(
            ctx,
            before,
            is_active ? 'approve_membership' : 'end_membership',
            request.principal,
            uuidV7(ctx.nowMs(), ctx.random),
            request,
          )
        const updated = await db
          .updateTable('drivers')
          .set({ ...profile, updated_at: new Date(ctx.nowMs()) })
          .where('id', '=', params.id)
          .$if(expected !== null, q => q.where('revision', 'in', expected!))
          .returning('id')
          .executeTakeFirst()
        if (updated === undefined) throw changed()
        if (
          profile.full_name !== undefined ||
          profile.phone !== undefined ||
          profile.vehicle_type !== undefined
        )
          await tellProfile(ctx, params.id, principal, log)
        const row = await managed(identity, params.id)
        return { status: 200, body: driverView(row), headers: { etag: etagOf(row.revision) } }
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/drivers/:id/status',
      operationId: 'setDriverStatus',
      summary: 'Go on or off duty; `busy` follows from deliveries and cannot be set',
      tags,
      auth: ['driver', 'vendor', 'admin'],
      scope: 'drivers:write',
      params: DriverId,
      body: commandSchemas.driver.set_status,
      idempotent: true,
      responses: { 200: { description: 'The driver', schema: DriverProfile } },
      errors: [
        'driver_not_found',
        'driver_not_member',
        'driver_has_active_orders',
        'driver_taken_off_duty',
      ],
      handler: async request => {
        const { identity, params, body, principal } = request
        const row = await managed(identity, params.id)
        if (row.papers_held && body.status !== 'offline')
          throw new CaduceusError(
            'papers_missing',
            'papers of the driver are missing or over; GET /api/requirements tells which',
          )
        const answer = await once(ctx, request, 'setDriverStatus', async ({ commandId }) => {
          const driver = await tellDriver(ctx, row, commandId, 'set_status', principal, body)
          await healProfile(ctx, driver, request.log)
          return {
            status: 200,
            body: {
              status: driver.status,
              capacity: driver.capacity,
              active_order_ids: driver.active_order_ids,
            },
          }
        })
        return withBody(
          answer,
          (state: Pick<typeof row, 'status' | 'capacity' | 'active_order_ids'>) =>
            driverViewFor(identity, { ...row, ...state }),
        )
      },
    }),
    route({
      method: 'GET',
      path: '/api/drivers/:id/deliveries',
      operationId: 'listDeliveries',
      summary: 'Orders that the driver was assigned to, newest first',
      tags,
      auth: ['driver', 'vendor', 'admin'],
      params: DriverId,
      query: closedObject({
        ...page,
        ...orderFilters,
        status: Type.Optional(Type.Enum(orderStatuses)),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ deliveries: Type.Array(OrderView), next_cursor: nextCursor }),
        },
      },
      errors: ['driver_not_found'],
      handler: async ({ identity, params, query }) => {
        await managed(identity, params.id)
        const { orders, next_cursor } = await listOrders(ctx, identity, {
          ...query,
          driver_id: params.id,
        })
        return { status: 200, body: { deliveries: orders, next_cursor } }
      },
    }),
  ]
}
