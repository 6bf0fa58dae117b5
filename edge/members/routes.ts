/** The people of a pharmacy: `/api/vendors/{id}/members`, and the invitations that they accept. */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { memberRoles, memberStates } from '../../protocol/pharmacies/members.ts'
import { accountById, createAccount } from '../accounts/accounts.ts'
import type { AccountsConfig } from '../accounts/config.ts'
import { signedInBody } from '../accounts/routes.ts'
import { originOf, signIn } from '../accounts/sessions.ts'
import { InvitationCode } from '../approval/driver-routes.ts'
import type { WithInvitationTries } from '../approval/invitations.ts'
import { addressGroup } from '../kernel/address.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Identity } from '../kernel/identity.ts'
import type { WithConfig } from '../kernel/kernel.ts'
import { memberRoleOf } from '../kernel/member-rights.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import {
  closedObject,
  Email,
  nextCursor,
  nullable,
  page,
  paged,
  Password,
  PersonName,
  Phone,
  SignedInView,
  Timestamp,
  VerificationToken,
} from '../kernel/shapes.ts'
import type { WithRates } from '../rate/rate-limits.ts'
import { managedVendor } from '../services/routes.ts'
import { memberLimits } from './limits.ts'
import {
  acceptInvitation,
  changeMember,
  endMember,
  inviteMember,
  requireInvitation,
  type MemberContext,
} from './members.ts'

export type MemberRouteContext = MemberContext &
  WithInvitationTries &
  WithRates &
  WithConfig<KernelConfig & AccountsConfig>

const tags = ['members']
const auth = ['vendor', 'admin'] as const
const audit = { kind: 'members' }
const PharmacyId = Type.Object({ id: Uuid })
const MemberId = Type.Object({ id: Uuid, member_id: Uuid })
const Role = Type.Enum([...memberRoles])

export const MemberView = Type.Object({
  id: Uuid,
  vendor_id: Uuid,
  user_id: nullable(Type.String({ ...Uuid, description: 'Null until the invitation is accepted' })),
  name: Type.String(),
  email: nullable(Type.String({ description: 'For owners and administrators' })),
  role: Role,
  state: Type.Enum([...memberStates]),
  invited_by: nullable(Uuid),
  created_at: Timestamp,
  expires_at: nullable(Timestamp),
  joined_at: nullable(Timestamp),
  ended_at: nullable(Timestamp),
})

/** The rows of members. */
export function memberRoutes(ctx: MemberRouteContext): AnyRoute[] {
  const db = ctx.database.kysely
  const rows = () =>
    db
      .selectFrom('members')
      .leftJoin('users', 'users.id', 'members.user_id')
      .select([
        'members.id',
        'members.vendor_id',
        'members.user_id',
        'members.name',
        'members.role',
        'members.invited_by',
        'members.created_at',
        'members.expires_at',
        'members.joined_at',
        'members.ended_at',
        'users.full_name',
        'users.email',
      ])
  type Row = Awaited<ReturnType<ReturnType<typeof rows>['executeTakeFirstOrThrow']>>
  const stateOf = ({ ended_at, joined_at, expires_at }: Row) => {
    if (ended_at !== null) return 'ended'
    if (joined_at !== null) return 'active'
    return expires_at!.getTime() <= ctx.nowMs() ? 'expired' : 'invited'
  }
  const viewFor = (identity: Identity) => (row: Row) => {
    const { full_name, email, name, ...rest } = row
    const seesEmail = identity.role !== 'vendor' || memberRoleOf(identity) === 'owner'
    return {
      ...rest,
      name: full_name ?? name ?? '',
      email: seesEmail || row.user_id === identity.userId ? email : null,
      state: stateOf(row),
    }
  }
  const shown = async (identity: Identity, id: string) =>
    viewFor(identity)(await rows().where('members.id', '=', id).executeTakeFirstOrThrow())

  return [
    route({
      method: 'GET',
      path: '/api/vendors/:id/members',
      operationId: 'listMembers',
      summary: 'The people of the pharmacy and open invitations, oldest first',
      tags,
      auth,
      params: PharmacyId,
      query: closedObject({
        ...page,
        ended: Type.Optional(
          Type.Boolean({ description: 'True: those who left and old invitations alone' }),
        ),
      }),
      audit,
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ members: Type.Array(MemberView), next_cursor: nextCursor }),
        },
      },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params, query }) => {
        const { limit = limits.listLimitDefault, cursor, ended = false } = query
        await managedVendor(ctx, identity, params.id)
        const now = new Date(ctx.nowMs())
        let found = rows()
          .where('members.vendor_id', '=', params.id)
          .where(eb => {
            const present = eb.and([
              eb('members.ended_at', 'is', null),
              eb.or([eb('joined_at', 'is not', null), eb('expires_at', '>', now)]),
            ])
            return ended ? eb.not(present) : present
          })
        if (cursor !== undefined) found = found.where('members.id', '>', cursor)
        const { rows: all, next_cursor } = paged(
          await found
            .orderBy('members.id')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        return { status: 200, body: { members: all.map(viewFor(identity)), next_cursor } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/vendors/:id/members',
      operationId: 'inviteMember',
      summary:
        'Invite somebody to work for the pharmacy; the answer shows the code only once, and it works once',
      tags,
      auth,
      params: PharmacyId,
      audit,
      body: closedObject({
        role: Role,
        name: Type.String({ ...PersonName, description: 'Whom the code is for' }),
        expires_in_hours: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: memberLimits.invitationHoursMax,
            default: memberLimits.invitationHoursDefault,
          }),
        ),
      }),
      responses: {
        201: {
          description: 'The invitation and its code',
          schema: Type.Object({ ...MemberView.properties, invitation_code: Type.String() }),
        },
      },
      errors: ['vendor_not_found', 'invitation_limit_reached'],
      handler: async ({ identity, params, body }) => {
        await managedVendor(ctx, identity, params.id)
        const { id, code } = await inviteMember(ctx, params.id, identity, body)
        return {
          status: 201,
          headers: {
            location: `/api/vendors/${params.id}/members/${id}`,
            'cache-control': 'no-store',
          },
          body: { ...(await shown(identity, id)), invitation_code: code },
        }
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/vendors/:id/members/:member_id',
      operationId: 'changeMember',
      summary:
        'Give a member another role. Access tokens and sockets of before end at once; the sign-in stays',
      tags,
      auth,
      params: MemberId,
      audit,
      body: closedObject({ role: Role }),
      responses: { 200: { description: 'The member', schema: MemberView } },
      errors: ['vendor_not_found', 'not_found', 'last_owner'],
      handler: async ({ identity, params, body }) => {
        await managedVendor(ctx, identity, params.id)
        await changeMember(ctx, identity.userId, params.id, params.member_id, body.role)
        return { status: 200, body: await shown(identity, params.member_id) }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/vendors/:id/members/:member_id',
      operationId: 'endMember',
      summary:
        "End a member's place, or take an invitation back: tokens, sign-ins, sockets and sight of patients end at once",
      tags,
      auth,
      params: MemberId,
      audit,
      responses: { 200: { description: 'The member, ended', schema: MemberView } },
      errors: ['vendor_not_found', 'not_found', 'last_owner'],
      handler: async ({ identity, params }) => {
        await managedVendor(ctx, identity, params.id)
        await endMember(ctx, identity.userId, params.id, params.member_id)
        return { status: 200, body: await shown(identity, params.member_id) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/members/accept',
      operationId: 'acceptMembership',
      summary: 'Accept an invitation with an account that belongs to no pharmacy',
      tags,
      auth: ['vendor'],
      rate: 'auth',
      audit: { ...audit, id: idOfMember },
      body: closedObject({ invitation_code: InvitationCode }),
      responses: {
        200: { description: 'The member', schema: Type.Object({ member: MemberView }) },
        409: {
          description: 'The account belongs to a pharmacy already',
          contentType: 'application/problem+json',
        },
      },
      errors: ['invitation_invalid', 'vendor_already_exists', 'too_many_requests'],
      handler: async ({ identity, body, address }) => {
        const belongs = () =>
          new CaduceusError('vendor_already_exists', 'the account belongs to a pharmacy already')
        if (identity.pharmacyId !== null) throw belongs()
        const id = await ctx.invitationTries.guard(addressGroup(address), () =>
          db
            .transaction()
            .execute(tx =>
              acceptInvitation(tx, body.invitation_code, identity.userId, ctx.nowMs()),
            ),
        )
        await ctx.endedAccess.announce()
        return { status: 200, body: { member: await shown(identity, id) } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/members/register',
      operationId: 'registerMember',
      summary: 'Make an account with an invitation of a pharmacy, and sign in',
      tags,
      auth: 'none',
      audit: { ...audit, id: idOfMember },
      body: closedObject({
        invitation_code: InvitationCode,
        email: Email,
        full_name: PersonName,
        phone: Phone,
        password: Password,
        verification_token: VerificationToken,
      }),
      responses: {
        201: {
          description: 'The member, signed in',
          schema: Type.Object({ member: MemberView, ...SignedInView.properties }),
        },
      },
      errors: [
        'invitation_invalid',
        'vendor_already_exists',
        'email_taken',
        'code_wrong',
        'overloaded',
        'too_many_requests',
      ],
      handler: async request => {
        const { invitation_code, verification_token, ...person } = request.body
        const origin = originOf(request)
        const from = addressGroup(request.address)
        const account = {
          ...person,
          role: 'vendor' as const,
          from,
          proof: { token: verification_token, origin },
        }
        const { userId, record: id } = await ctx.invitationTries.guard(from, async () => {
          // First, so that a stranger without a code does not learn whether an e-mail is taken.
          await requireInvitation(ctx, invitation_code)
          return createAccount(
            db,
            ctx,
            account,
            (tx, made) => acceptInvitation(tx, invitation_code, made, ctx.nowMs()),
            found => found.vendor_id === null,
          )
        })
        await ctx.endedAccess.announce()
        const signedIn = await signIn(ctx, (await accountById(db, userId))!, origin)
        const [row] = await rows().where('members.id', '=', id).execute()
        const own = { role: 'vendor', userId, memberRole: row!.role } as Identity
        return {
          status: 201,
          body: { member: viewFor(own)(row!), ...signedInBody('Welcome', signedIn) },
        }
      },
    }),
  ]
}

/** The member in an answer, for the audit trail. */
const idOfMember = (body: unknown): unknown => (body as { member: { id: string } }).member.id
