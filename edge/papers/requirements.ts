/**
 * Which papers are needed: `/api/requirements`. Administrators edit the table; pharmacies and
 * drivers read the part that applies to them, with the state of each paper and whether they may
 * work. The state is derived when it is read.
 */
import Type from 'typebox'
import { sql, type Selectable } from 'kysely'
import type { RequirementsTable } from '../../migrations/database/tables-papers.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import {
  goodsClasses,
  paperStates,
  requirementRoleNames,
  requirementRoles,
  rowOfPaper,
  type RequirementRole,
} from '../../protocol/papers/kinds.ts'
import { isUniqueViolation } from '../accounts/accounts.ts'
import { etagOf, requireRevision } from '../http/preconditions.ts'
import { once } from '../idempotency/idempotency.ts'
import type { Identity } from '../kernel/identity.ts'
import { paperStandings } from '../kernel/paper-facts.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nullable, Timestamp } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import type { PaperContext } from './documents.ts'
import { applyToAll } from './effects.ts'
import { paperLimits } from './limits.ts'
import { accessTo } from './subjects.ts'
import { Kind } from './views.ts'

const tags = ['documents']
const RequirementId = Type.Object({ id: Uuid })
const Role = Type.Enum(requirementRoleNames)
const Goods = Type.Enum([...goodsClasses])
const Effect = Type.Enum(['blocking', 'warning'])
const Grace = Type.Integer({ minimum: 0, maximum: paperLimits.graceDaysMax })
const Country = Type.String({
  pattern: '^[A-Z]{2}$',
  description: 'Two letters of ISO 3166-1, such as NP',
  'x-rule': "must be a country's two letters such as NP",
})

export const RequirementView = Type.Object({
  id: Uuid,
  role: Role,
  kind: Kind,
  country: nullable(Country),
  goods_class: nullable(Goods),
  effect: Effect,
  grace_days: Grace,
  four_eyes: Type.Boolean({ description: 'Two people approve a paper of this kind' }),
  created_at: Timestamp,
  revision: Type.Integer({ description: 'In quotes, this is the If-Match of a change' }),
})
const StateView = Type.Object({
  requirement_id: Uuid,
  kind: Kind,
  goods_class: nullable(Goods),
  effect: Effect,
  state: Type.Enum([...paperStates]),
  document_id: nullable(Uuid),
  renewal: nullable(Type.Enum(['pending', 'in_review'])),
  grace_until: nullable(Timestamp),
  blocks: Type.Boolean(),
})
const StandingView = Type.Object({
  role: Role,
  id: Uuid,
  may_work: Type.Boolean({ description: 'As far as papers go' }),
  barred_goods: Type.Array(Goods),
  requirements: Type.Array(StateView),
})

const requirementView = (row: Selectable<RequirementsTable>) => ({
  id: row.id,
  role: row.role,
  kind: row.kind,
  country: row.country,
  goods_class: row.goods_class,
  effect: row.effect,
  grace_days: row.grace_days,
  four_eyes: row.four_eyes,
  created_at: row.created_at,
  revision: row.revision,
})

/** The rows of `/api/requirements`. */
export function requirementRoutes(ctx: PaperContext): AnyRoute[] {
  const db = ctx.database.kysely

  /** The record whose standing is shown. Throws `not_found` for another's record. */
  const whose = async (
    identity: Identity,
    { role, id }: { role?: RequirementRole; id?: string },
  ): Promise<{ role: RequirementRole; id: string } | null> => {
    const own: { role: RequirementRole; id: string | null } = {
      role: identity.role === 'driver' ? 'driver' : 'pharmacy',
      id: identity.role === 'driver' ? identity.driverId : identity.pharmacyId,
    }
    if (id === undefined)
      return identity.role === 'admin' || own.id === null ? null : { role: own.role, id: own.id }
    const asked = { role: role ?? own.role, id }
    const isOwn = asked.role === own.role && id === own.id
    const isOfOrder =
      asked.role === 'order' &&
      (await accessTo(db, identity, { kind: 'order', id }, ctx.nowMs()))?.mayHandIn === true
    // As with the papers themselves: a pharmacy that works, and its members.
    const isOwnDriver =
      identity.role === 'vendor' &&
      (identity.standing?.access ?? 'full') === 'full' &&
      asked.role === 'driver' &&
      (await db
        .selectFrom('drivers')
        .select('id')
        .where('id', '=', id)
        .where('vendor_id', '=', identity.pharmacyId)
        .where('membership', '=', 'active')
        .executeTakeFirst()) !== undefined
    if (identity.role !== 'admin' && !isOwn && !isOwnDriver && !isOfOrder)
      throw new CaduceusError('not_found', 'no such record of yours')
    return asked
  }
  const standingView = async (subject: { role: RequirementRole; id: string }) => {
    const standing = (await paperStandings(db, subject.role, [subject.id], ctx.nowMs())).get(
      subject.id,
    )
    if (standing === undefined) throw new CaduceusError('not_found', 'no such record')
    return {
      ...subject,
      may_work: standing.mayWork,
      barred_goods: standing.barredGoods,
      requirements: standing.requirements.map(one => ({
        requirement_id: one.requirement.id,
        kind: one.requirement.kind,
        goods_class: one.requirement.goodsClass,
        effect: one.requirement.blocking ? ('blocking' as const) : ('warning' as const),
        state: one.state,
        document_id: one.paperId,
        renewal: one.renewal,
        grace_until: one.graceUntilMs === null ? null : new Date(one.graceUntilMs),
        blocks: one.blocks,
      })),
    }
  }
  const rows = () =>
    db.selectFrom('requirements').selectAll().where('ended_at', 'is', null).orderBy('id')
  /** Everybody's standing may have changed; the job does it again if this fails. */
  const apply = async (): Promise<void> => {
    await ctx.standings.announce()
    void applyToAll(ctx).catch((error: unknown) =>
      ctx.log.warn({ err: error }, 'a change of requirements is not applied yet; it will be'),
    )
  }
  const shown = async (id: string) => {
    const row = await db
      .selectFrom('requirements')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    return { body: requirementView(row), headers: { etag: etagOf(row.revision) } }
  }

  return [
    route({
      method: 'GET',
      path: '/api/requirements',
      operationId: 'listRequirements',
      summary:
        "Which papers are needed, and how far the caller's pharmacy or driver has them; with `role` and `id` those of another record that one manages",
      tags,
      auth: ['vendor', 'driver', 'admin'],
      standing: 'any',
      audit: { kind: 'requirements' },
      query: closedObject({ role: Type.Optional(Role), id: Type.Optional(Uuid) }),
      responses: {
        200: {
          description: 'The requirements, and the standing of one record',
          schema: Type.Object({
            requirements: Type.Array(RequirementView),
            standing: nullable(StandingView),
          }),
        },
      },
      handler: async ({ identity, query }) => {
        const subject = await whose(identity, query)
        const standing = subject === null ? null : await standingView(subject)
        const role = subject?.role ?? query.role
        const applying = new Set(standing?.requirements.map(one => one.requirement_id))
        const all = (await rows().execute()).filter(
          row =>
            (role === undefined || row.role === role) && (subject === null || applying.has(row.id)),
        )
        return { status: 200, body: { requirements: all.map(requirementView), standing } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/requirements',
      operationId: 'createRequirement',
      summary:
        'Require a paper of all pharmacies, drivers or orders, of one country or everywhere, for all work or for one class of goods. An order is picked up when its papers are good. Those who work already have `grace_days` for it',
      tags,
      auth: ['admin'],
      idempotent: true,
      body: closedObject({
        role: Role,
        kind: Kind,
        country: Type.Optional(nullable(Country)),
        goods_class: Type.Optional(nullable(Goods)),
        effect: Effect,
        grace_days: Type.Optional(Grace),
        four_eyes: Type.Optional(Type.Boolean()),
      }),
      responses: { 201: { description: 'The requirement', schema: RequirementView } },
      errors: ['requirement_already_exists', 'too_many_requests'],
      handler: async request => {
        const { body, identity } = request
        const { role, kind } = body
        const about: readonly string[] = requirementRoles[role]
        if (!rowOfPaper(kind).about.some(subject => about.includes(subject)))
          throw invalid([{ field: 'kind', rule: `must be a paper of a ${role}` }])
        const answer = await once(ctx, request, 'createRequirement', async ({ targetId }) => {
          await db
            .transaction()
            .execute(async tx => {
              await sql`select pg_advisory_xact_lock(hashtext('requirements'))`.execute(tx)
              const { count } = await tx
                .selectFrom('requirements')
                .select(eb => eb.fn.countAll<number>().as('count'))
                .where('ended_at', 'is', null)
                .executeTakeFirstOrThrow()
              if (Number(count) >= paperLimits.requirementsMax)
                throw new CaduceusError(
                  'too_many_requests',
                  `there may be ${paperLimits.requirementsMax} requirements`,
                )
              await tx
                .insertInto('requirements')
                .values({
                  id: targetId,
                  role,
                  kind,
                  country: body.country ?? null,
                  goods_class: body.goods_class ?? null,
                  effect: body.effect,
                  grace_days: body.grace_days ?? paperLimits.graceDaysDefault,
                  four_eyes: body.four_eyes ?? false,
                  created_by: identity.userId,
                  created_at: new Date(ctx.nowMs()),
                })
                .onConflict(conflict => conflict.column('id').doNothing())
                .execute()
            })
            .catch((error: unknown) => {
              throw isUniqueViolation(error, 'requirements_once')
                ? new CaduceusError('requirement_already_exists')
                : error
            })
          await apply()
          return { status: 201, body: { id: targetId } }
        })
        return { ...answer, ...(await shown((answer.body as { id: string }).id)) }
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/requirements/:id',
      operationId: 'changeRequirement',
      summary: 'Change the effect, the grace or the four eyes of a requirement',
      tags,
      auth: ['admin'],
      params: RequirementId,
      versioned: true,
      body: closedObject({
        effect: Type.Optional(Effect),
        grace_days: Type.Optional(Grace),
        four_eyes: Type.Optional(Type.Boolean()),
      }),
      responses: { 200: { description: 'The requirement', schema: RequirementView } },
      handler: async ({ params, body, headers }) => {
        await db.transaction().execute(async tx => {
          const row = await tx
            .selectFrom('requirements')
            .selectAll()
            .where('id', '=', params.id)
            .where('ended_at', 'is', null)
            .forUpdate()
            .executeTakeFirst()
          if (row === undefined) throw new CaduceusError('not_found', 'no such requirement')
          requireRevision(headers, row.revision)
          if (Object.keys(body).length === 0) return
          const isStricter = body.effect === 'blocking' && row.effect === 'warning'
          await tx
            .updateTable('requirements')
            .set({
              ...body,
              revision: row.revision + 1,
              ...(isStricter && { blocking_since: new Date(ctx.nowMs()) }),
            })
            .where('id', '=', params.id)
            .execute()
        })
        await apply()
        return { status: 200, ...(await shown(params.id)) }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/requirements/:id',
      operationId: 'endRequirement',
      summary: 'Require the paper no longer',
      tags,
      auth: ['admin'],
      params: RequirementId,
      responses: { 204: { description: 'It is not required any more' } },
      handler: async ({ identity, params }) => {
        const ended = await db
          .updateTable('requirements')
          .set({ ended_at: new Date(ctx.nowMs()), ended_by: identity.userId })
          .where('id', '=', params.id)
          .where('ended_at', 'is', null)
          .returning('id')
          .executeTakeFirst()
        if (ended === undefined) throw new CaduceusError('not_found', 'no such requirement')
        await apply()
        return { status: 204 }
      },
    }),
  ]
}
