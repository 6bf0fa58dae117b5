/**
 * The catalogue: `/api/vendors/{id}/services` and `/api/services/{id}`. Everybody may browse; the
 * pharmacy and administrators write.
 */
import { sql } from 'kysely'
import Type from 'typebox'
import { nextFree, slotsBetween } from '../../protocol/appointments/availability.ts'
import { appointmentLimits } from '../../protocol/appointments/limits.ts'
import { dayMs, localMsOf, minuteMs, textOfLocalMs } from '../../protocol/appointments/zones.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { etagOf, requireRevision } from '../http/preconditions.ts'
import { once, type IdempotencyContext } from '../idempotency/idempotency.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Identity } from '../kernel/identity.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nextCursor, nullable, page, paged, Timestamp } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { figuresOf } from '../ratings/figures.ts'
import { describeServices } from './describing.ts'
import { serviceLimits } from './limits.ts'
import { momentOf } from './moments.ts'
import { browsedVendor, findService, managedService, takenOf, termsOf } from './records.ts'
import { priceOf, serviceBody, serviceName, settingsOf, type ServiceBody } from './settings.ts'
import { manages, ServiceView, serviceView } from './views.ts'

export type ServiceContext = Pick<Kernel, 'commands' | 'database' | 'log' | 'nowMs' | 'random'> &
  IdempotencyContext &
  WithConfig<KernelConfig>

const tags = ['services']
const VendorId = Type.Object({ id: Uuid })
const ServiceId = Type.Object({ id: Uuid })
const Moment = Type.String({
  minLength: 10,
  maxLength: 40,
  description: 'A day in the zone of the service, or a time of RFC 3339',
})

/** The pharmacy, if the caller manages it. Throws `vendor_not_found`. */
export async function managedVendor(
  { database }: Pick<Kernel, 'database'>,
  identity: Identity,
  id: string,
): Promise<{ id: string; time_zone: string }> {
  const row = await database.kysely
    .selectFrom('vendors')
    .select(['id', 'time_zone'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined || !manages(identity, id))
    throw new CaduceusError('vendor_not_found', 'no such pharmacy')
  return row
}

/** The rows of the services. */
export function serviceRoutes(ctx: ServiceContext): AnyRoute[] {
  const db = ctx.database.kysely
  const { currency } = ctx.config

  /** Throws `invalid_request` for a main service of another pharmacy. */
  const requireMain = async (vendorId: string, id: string | null | undefined): Promise<void> => {
    if (id == null) return
    const found = await db
      .selectFrom('main_services')
      .select('id')
      .where('id', '=', id)
      .where('vendor_id', '=', vendorId)
      .executeTakeFirst()
    if (found === undefined)
      throw invalid([{ field: 'main_service_id', rule: 'must be one of the pharmacy' }])
  }
  /** The columns of a body, besides its settings. */
  const columnsOf = ({
    name,
    description,
    icon,
    main_service_id,
    price,
    is_active,
  }: ServiceBody) => ({
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(icon !== undefined && { icon }),
    ...(main_service_id !== undefined && { main_service_id }),
    ...(price !== undefined && { price_minor: priceOf(price, currency) }),
    ...(is_active !== undefined && { is_active }),
  })

  return [
    route({
      method: 'POST',
      path: '/api/vendors/:id/services',
      operationId: 'createService',
      summary: 'Offer a service',
      tags,
      auth: ['vendor', 'admin'],
      params: VendorId,
      idempotent: true,
      bodyBytesMax: serviceLimits.bodyBytesMax,
      body: closedObject({ name: serviceName, ...serviceBody }),
      responses: { 201: { description: 'The service', schema: ServiceView } },
      errors: ['vendor_not_found', 'service_limit_reached'],
      handler: async request => {
        const { identity, params, body } = request
        const vendor = await managedVendor(ctx, identity, params.id)
        const answer = await once(ctx, request, 'createService', async ({ targetId }) => {
          await requireMain(vendor.id, body.main_service_id)
          const settings = settingsOf(body, { time_zone: vendor.time_zone })
          const now = new Date(ctx.nowMs())
          await db.transaction().execute(async tx => {
            await sql`select from vendors where id = ${vendor.id} for no key update`.execute(tx)
            const { count } = await tx
              .selectFrom('services')
              .select(sql<number>`count(*)::integer`.as('count'))
              .where('vendor_id', '=', vendor.id)
              .where('id', '<>', targetId)
              .executeTakeFirstOrThrow()
            if (count >= serviceLimits.servicesMax)
              throw new CaduceusError(
                'service_limit_reached',
                `a pharmacy offers at most ${serviceLimits.servicesMax} services`,
              )
            await tx
              .insertInto('services')
              .values({
                id: targetId,
                vendor_id: vendor.id,
                price_minor: null,
                currency,
                is_active: true,
                ...columnsOf(body),
                name: body.name,
                settings: JSON.stringify(settings),
                revision: 1,
                created_at: now,
                updated_at: now,
              })
              .onConflict(conflict => conflict.doNothing())
              .execute()
          })
          return {
            status: 201,
            body: { id: targetId },
            headers: { location: `/api/services/${targetId}` },
          }
        })
        const row = await managedService(db, identity, (answer.body as { id: string }).id)
        return {
          ...answer,
          body: serviceView(identity, row),
          headers: { ...answer.headers, etag: etagOf(row.revision) },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/vendors/:id/services',
      operationId: 'listServices',
      summary: 'The services of a pharmacy; inactive ones only for the pharmacy and administrators',
      tags,
      auth: 'optional',
      params: VendorId,
      query: closedObject({
        ...page,
        main_service_id: Type.Optional(Uuid),
        is_active: Type.Optional(Type.Boolean()),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ services: Type.Array(ServiceView), next_cursor: nextCursor }),
        },
      },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params, query }) => {
        const { limit = limits.listLimitDefault, cursor, main_service_id, is_active } = query
        const { isManaged } = await browsedVendor(db, identity, params.id)
        let rows = db.selectFrom('services').selectAll().where('vendor_id', '=', params.id)
        if (!isManaged) rows = rows.where('is_active', '=', true)
        if (is_active !== undefined) rows = rows.where('is_active', '=', is_active)
        if (main_service_id !== undefined)
          rows = rows.where('main_service_id', '=', main_service_id)
        if (cursor !== undefined) rows = rows.where('id', '>', cursor)
        const found = paged(
          await rows
            .orderBy('id')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        const figures = await figuresOf(
          db,
          'service',
          found.rows.map(row => row.id),
        )
        return {
          status: 200,
          body: {
            services: found.rows.map(row => ({
              ...serviceView(identity, row),
              rating: figures.get(row.id) ?? null,
            })),
            next_cursor: found.next_cursor,
          },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/services/:id',
      operationId: 'getService',
      summary: 'One service',
      tags,
      auth: 'optional',
      params: ServiceId,
      versioned: true,
      responses: { 200: { description: 'The service', schema: ServiceView } },
      errors: ['service_not_found'],
      handler: async ({ identity, params }) => {
        const { works: _, open: __, ...row } = await findService(db, identity, params.id)
        const figures = await figuresOf(db, 'service', [row.id])
        return {
          status: 200,
          body: { ...serviceView(identity, row), rating: figures.get(row.id) ?? null },
          headers: { etag: etagOf(row.revision) },
        }
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/services/:id',
      operationId: 'updateService',
      summary: 'Change a service; appointments that exist keep their times',
      tags,
      auth: ['vendor', 'admin'],
      params: ServiceId,
      versioned: true,
      bodyBytesMax: serviceLimits.bodyBytesMax,
      body: closedObject({ name: Type.Optional(serviceName), ...serviceBody }),
      responses: { 200: { description: 'The service', schema: ServiceView } },
      errors: ['service_not_found'],
      handler: async ({ identity, principal, params, body, headers, log }) => {
        const row = await db.transaction().execute(async tx => {
          const before = await tx
            .selectFrom('services')
            .selectAll()
            .where('id', '=', params.id)
            .forUpdate()
            .executeTakeFirst()
          if (before === undefined || !manages(identity, before.vendor_id))
            throw new CaduceusError('service_not_found', 'no such service')
          requireRevision(headers, before.revision)
          await requireMain(before.vendor_id, body.main_service_id)
          const settings = settingsOf(body, before.settings)
          return tx
            .updateTable('services')
            .set({
              ...columnsOf(body),
              ...(body.price !== undefined && { currency }),
              settings: JSON.stringify(settings),
              revision: before.revision + 1,
              updated_at: new Date(ctx.nowMs()),
            })
            .where('id', '=', params.id)
            .returningAll()
            .executeTakeFirstOrThrow()
        })
        await describeServices(ctx, principal, [row], log)
        return {
          status: 200,
          body: serviceView(identity, row),
          headers: { etag: etagOf(row.revision) },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/services/:id/availability',
      operationId: 'getAvailability',
      summary: `The free slots of a service, for at most ${appointmentLimits.askedDaysMax} days; a week from now unless stated`,
      tags,
      auth: 'optional',
      params: ServiceId,
      query: closedObject({ from: Type.Optional(Moment), to: Type.Optional(Moment) }),
      responses: {
        200: {
          description: 'The slots that may be booked now',
          schema: Type.Object({
            service_id: Uuid,
            time_zone: Type.String(),
            from: Timestamp,
            to: Timestamp,
            slots: Type.Array(
              Type.Object({
                start: Timestamp,
                end: Timestamp,
                start_local: Type.String(),
                seats: Type.Integer({ description: 'Free ones' }),
              }),
            ),
            next_free: nullable(
              Type.String({
                format: 'date-time',
                description: 'The first free slot after the period when it has none',
              }),
            ),
          }),
        },
      },
      errors: ['service_not_found'],
      handler: async ({ identity, params, query }) => {
        const row = await findService(db, identity, params.id)
        const now = ctx.nowMs()
        const terms = await termsOf(db, row, now)
        const { time_zone: zone } = terms
        const fromMs = query.from === undefined ? now : momentOf(query.from, zone, 'from')
        const toMs = query.to === undefined ? fromMs + 7 * dayMs : momentOf(query.to, zone, 'to')
        if (toMs <= fromMs) throw invalid([{ field: 'to', rule: 'must be after from' }])
        if (toMs - fromMs > (appointmentLimits.askedDaysMax + 1) * dayMs)
          throw invalid([
            {
              field: 'to',
              rule: `must be at most ${appointmentLimits.askedDaysMax} days after from`,
            },
          ])
        const active = terms.active && row.open
        const taken = await takenOf(db, row.id, Math.max(fromMs, now))
        const offered = { ...terms, active }
        const { startsMs, seats } = slotsBetween(offered, taken, fromMs, toMs, now)
        const slots = startsMs.flatMap((startMs, i) =>
          (seats[i] ?? 0) === 0
            ? []
            : [
                {
                  start: isoTime(startMs),
                  end: isoTime(startMs + terms.duration_minutes * minuteMs),
                  start_local: textOfLocalMs(localMsOf(zone, startMs)),
                  seats: seats[i]!,
                },
              ],
        )
        const [next] =
          slots.length > 0 || !active ? [] : nextFree(offered, taken, { fromMs: toMs }, now, 1)
        return {
          status: 200,
          body: {
            service_id: row.id,
            time_zone: zone,
            from: isoTime(fromMs),
            to: isoTime(toMs),
            slots,
            next_free: next === undefined ? null : isoTime(next),
          },
        }
      },
    }),
  ]
}
