/** Decisions of a pharmacy upon its drivers: invitations and membership. */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import type { Identity } from '../kernel/identity.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { once } from '../idempotency/idempotency.ts'
import { addressGroup } from '../kernel/address.ts'
import { route, type AnyRoute, type RouteAnswer } from '../kernel/route.ts'
import { driverRows, driverView, DriverProfile, type DriverRow } from './driver-reads.ts'
import { closedObject, nextCursor, nullable, page, paged, Timestamp } from '../kernel/shapes.ts'
import {
  createInvitation,
  invitationCodePattern,
  listInvitations,
  revokeInvitation,
  type InvitationRow,
  type InvitationTries,
} from './invitations.ts'
import { approvalLimits } from './limits.ts'
import { askAgain, decideMembership, type MembershipContext } from './memberships.ts'

const tags = ['drivers']
const PharmacyId = Type.Object({ id: Uuid })
const oneDriver = { 200: { description: 'The driver', schema: DriverProfile } }
export const InvitationCode = Type.String({
  pattern: invitationCodePattern,
  description: 'The code of an invitation of the pharmacy',
  'x-rule': 'must be the code of an invitation',
})

const InvitationView = Type.Object({
  id: Uuid,
  vendor_id: Uuid,
  note: nullable(Type.String()),
  uses: Type.Integer(),
  uses_max: Type.Integer(),
  status: Type.Enum(['good', 'used', 'expired', 'revoked']),
  created_by: Uuid,
  created_at: Timestamp,
  expires_at: Timestamp,
  revoked_at: nullable(Timestamp),
})

type DriverApprovalContext = MembershipContext & Pick<Kernel, 'log'> & WithConfig<KernelConfig>

/** The rows for invitations and memberships. `tries` counts wrong invitation codes. */
export function driverApprovalRoutes(
  ctx: DriverApprovalContext,
  tries: InvitationTries,
): AnyRoute[] {
  const db = ctx.database.kysely
  const invitationView = ({ code_hash: _, ...row }: InvitationRow) => ({
    ...row,
    status:
      row.revoked_at !== null
        ? ('revoked' as const)
        : row.uses >= row.uses_max
          ? ('used' as const)
          : row.expires_at.getTime() <= ctx.nowMs()
            ? ('expired' as const)
            : ('good' as const),
  })
  /** Throws `vendor_not_found`, also for another's pharmacy. */
  const ownPharmacy = async (identity: Identity, pharmacyId: string): Promise<void> => {
    const own =
      identity.role === 'admin' ||
      (identity.role === 'vendor' && identity.pharmacyId === pharmacyId)
    if (
      !own ||
      (await db
        .selectFrom('vendors')
        .select('id')
        .where('id', '=', pharmacyId)
        .executeTakeFirst()) === undefined
    )
      throw new CaduceusError('vendor_not_found', 'no such pharmacy')
  }
  /**
   * Throws `vendor_not_found` and `driver_not_found`; a driver of another pharmacy counts as not
   * found.
   */
  const driverOf = async (
    identity: Identity,
    pharmacyId: string,
    driverId: string,
  ): Promise<DriverRow> => {
    await ownPharmacy(identity, pharmacyId)
    const row = await driverRows(db)
      .where('drivers.id', '=', driverId)
      .where('drivers.vendor_id', '=', pharmacyId)
      .executeTakeFirst()
    if (row === undefined)
      throw new CaduceusError('driver_not_found', 'no such driver of this pharmacy')
    return row
  }
  /**
   * Answers with the driver's present row, which the journal wrote with the event. So the answer
   * that is stored for a repeat contains no personal data.
   */
  const shownAnew = async (
    driverId: string,
    answer: Promise<RouteAnswer>,
  ): Promise<RouteAnswer> => {
    const answered = await answer
    return {
      ...answered,
      body: driverView(
        await driverRows(db).where('drivers.id', '=', driverId).executeTakeFirstOrThrow(),
      ),
    }
  }
  const decision = (
    verb: 'approve_membership' | 'end_membership',
    name: string,
    operationId: string,
    summary: string,
  ): AnyRoute =>
    route({
      method: 'POST',
      path: `/api/vendors/:id/drivers/:driver_id/${name}`,
      operationId,
      summary,
      tags,
      auth: ['vendor', 'admin'],
      params: Type.Object({ id: Uuid, driver_id: Uuid }),
      body: closedObject({}),
      idempotent: true,
      audit: { kind: 'drivers' },
      responses: oneDriver,
      errors: ['vendor_not_found', 'driver_not_found'],
      handler: request =>
        shownAnew(
          request.params.driver_id,
          once(ctx, request, operationId, async ({ commandId }) => {
            await decideMembership(
              ctx,
              await driverOf(request.identity, request.params.id, request.params.driver_id),
              verb,
              request.principal,
              commandId,
              request,
            )
            return { status: 200, body: {} }
          }),
        ),
    })
  return [
    route({
      method: 'POST',
      path: '/api/vendors/:id/driver-invitations',
      operationId: 'inviteDriver',
      tags,
      auth: ['vendor', 'admin'],
      params: PharmacyId,
      summary: 'Make an invitation code for drivers; the answer shows it only once',
      body: closedObject({
        uses: Type.Optional(
          Type.Integer({ minimum: 1, maximum: approvalLimits.invitationUsesMax, default: 1 }),
        ),
        expires_in_hours: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: approvalLimits.invitationHoursMax,
            default: approvalLimits.invitationHoursDefault,
          }),
        ),
        note: Type.Optional(Type.String({ minLength: 1, maxLength: limits.nameCharactersMax })),
      }),
      responses: {
        201: {
          description: 'The invitation and its code',
          schema: Type.Object({ ...InvitationView.properties, invitation_code: Type.String() }),
        },
      },
      errors: ['vendor_not_found', 'invitation_limit_reached'],
      audit: { kind: 'driver-invitations' },
      handler: async ({ identity, params, body }) => {
        await ownPharmacy(identity, params.id)
        const { code, row } = await createInvitation(ctx, params.id, identity.userId, body)
        return {
          status: 201,
          headers: { location: `/api/vendors/${params.id}/driver-invitations/${row.id}` },
          body: { ...invitationView(row), invitation_code: code },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/vendors/:id/driver-invitations',
      operationId: 'listInvitations',
      summary: "The pharmacy's invitations, newest first, without their codes",
      tags,
      auth: ['vendor', 'admin'],
      params: PharmacyId,
      query: closedObject(page),
      errors: ['vendor_not_found'],
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ invitations: Type.Array(InvitationView), next_cursor: nextCursor }),
        },
      },
      handler: async ({ identity, params, query: { limit = limits.listLimitDefault, cursor } }) => {
        await ownPharmacy(identity, params.id)
        const { rows, next_cursor } = paged(
          await listInvitations(ctx, params.id, limit + 1, cursor),
          limit,
        )
        return { status: 200, body: { invitations: rows.map(invitationView), next_cursor } }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/vendors/:id/driver-invitations/:invitation_id',
      operationId: 'revokeInvitation',
      summary: 'Revoke an invitation',
      tags,
      auth: ['vendor', 'admin'],
      params: Type.Object({ id: Uuid, invitation_id: Uuid }),
      errors: ['vendor_not_found'],
      audit: { kind: 'driver-invitations' },
      responses: { 200: { description: 'The invitation, revoked', schema: InvitationView } },
      handler: async ({ identity, params }) => {
        await ownPharmacy(identity, params.id)
        return {
          status: 200,
          body: invitationView(await revokeInvitation(ctx, params.id, params.invitation_id)),
        }
      },
    }),
    decision(
      'approve_membership',
      'approve',
      'approveDriver',
      'Accept a driver who asked, or who belonged to the pharmacy before',
    ),
    decision(
      'end_membership',
      'end',
      'endDriver',
      'Refuse a driver or end the membership: offers, sockets and access to patients end at once; orders that were picked up are still delivered',
    ),
    route({
      method: 'DELETE',
      path: '/api/drivers/:id',
      operationId: 'removeDriver',
      tags,
      auth: ['vendor', 'admin'],
      params: PharmacyId,
      idempotent: true,
      summary: 'The same as ending the membership; the record and the earnings stay',
      responses: oneDriver,
      errors: ['driver_not_found'],
      handler: request =>
        shownAnew(
          request.params.id,
          once(ctx, request, 'removeDriver', async ({ commandId }) => {
            const row = await driverRows(db)
              .where('drivers.id', '=', request.params.id)
              .executeTakeFirst()
            const own =
              row !== undefined &&
              (request.identity.role === 'admin' || request.identity.pharmacyId === row.vendor_id)
            if (!own) throw new CaduceusError('driver_not_found', 'no such driver')
            await decideMembership(
              ctx,
              row,
              'end_membership',
              request.principal,
              commandId,
              request,
            )
            return { status: 200, body: {} }
          }),
        ),
    }),
    route({
      method: 'POST',
      path: '/api/drivers/:id/membership-request',
      operationId: 'requestMembership',
      tags,
      auth: ['driver'],
      standing: 'driver',
      params: PharmacyId,
      idempotent: true,
      summary:
        'Ask to belong to the pharmacy again: with an invitation at once; otherwise once a day, and the pharmacy decides',
      body: closedObject({ invitation_code: Type.Optional(InvitationCode) }),
      responses: oneDriver,
      errors: ['driver_not_found', 'vendor_not_found', 'invitation_invalid', 'too_many_requests'],
      handler: request =>
        shownAnew(
          request.params.id,
          once(ctx, request, 'requestMembership', async ({ commandId }) => {
            const { identity, params, body } = request
            const row =
              identity.driverId === params.id
                ? await driverRows(db).where('drivers.id', '=', params.id).executeTakeFirst()
                : undefined
            if (row === undefined) throw new CaduceusError('driver_not_found', 'no such driver')
            await tries.guard(addressGroup(request.address), () =>
              askAgain(ctx, row, commandId, body.invitation_code),
            )
            return { status: 200, body: {} }
          }),
        ),
    }),
  ]
}
