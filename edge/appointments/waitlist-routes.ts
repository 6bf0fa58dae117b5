/**
 * The waiting list: `/api/waitlist`. An entry is an appointment without a time; when a seat is free
 * it becomes a proposal with a deadline, which its customer confirms.
 */
import Type from 'typebox'
import { AppointmentView } from '../../protocol/appointments/view.ts'
import { minuteMs } from '../../protocol/appointments/zones.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { instantMs } from '../../protocol/kernel/iso-time.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { once } from '../idempotency/idempotency.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nextCursor, page, paged, Text, Timestamp } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { shown, tellCalendar, type VisitContext } from './context.ts'
import { readable, shownTo } from './reads.ts'
import { withField } from './refusals.ts'
import { newAppointment } from './routes.ts'

const tags = ['appointments']

/** The rows of `/api/waitlist`. */
export function waitlistRoutes(ctx: VisitContext): AnyRoute[] {
  return [
    route({
      method: 'POST',
      path: '/api/waitlist',
      operationId: 'joinWaitlist',
      summary: 'Wait for a place of a service within a period; places are offered one at a time',
      tags,
      auth: ['user', 'admin'],
      idempotent: true,
      body: closedObject({
        service_id: Uuid,
        from: Timestamp,
        to: Timestamp,
        notes: Type.Optional(Text),
        time_zone: Type.Optional(Type.String({ maxLength: 64 })),
        user_id: Type.Optional(Uuid),
      }),
      responses: { 201: { description: 'The entry', schema: AppointmentView } },
      errors: [
        'service_not_found',
        'vendor_not_active',
        'slot_past',
        'slot_too_far',
        'appointment_limit_reached',
        'overloaded',
      ],
      handler: async request => {
        const { identity, principal, body } = request
        const answer = await once(ctx, request, 'joinWaitlist', async ids => {
          const { service, data } = await newAppointment(ctx, identity, body)
          const [from_ms, to_ms] = [instantMs(body.from)!, instantMs(body.to)!]
          if (to_ms < from_ms + data.terms.duration_minutes * minuteMs)
            throw invalid([{ field: 'to', rule: 'must leave time for the service' }])
          await ctx.commands
            .send({
              actor: 'appointment',
              id: ids.commandId,
              actor_id: service.id,
              verb: 'join_waitlist',
              by: principal,
              data: { appointment_id: ids.targetId, ...data, from_ms, to_ms },
            })
            .catch((error: unknown) => {
              throw withField(error, { slot_past: 'to', slot_too_far: 'to' })
            })
          return {
            status: 201,
            body: { id: ids.targetId },
            headers: { location: `/api/appointments/${ids.targetId}` },
          }
        })
        return { ...answer, body: await shown(ctx, identity, (answer.body as { id: string }).id) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/waitlist',
      operationId: 'listWaitlist',
      summary: 'Entries that wait, the oldest first',
      tags,
      auth: ['user', 'vendor', 'admin'],
      query: closedObject({ ...page, service_id: Type.Optional(Uuid) }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ entries: Type.Array(AppointmentView), next_cursor: nextCursor }),
        },
      },
      handler: async ({ identity, query: asked }) => {
        const { limit = limits.listLimitDefault, cursor, service_id } = asked
        let query = readable(ctx.database.kysely, identity).where('status', '=', 'waitlist')
        if (service_id !== undefined) query = query.where('service_id', '=', service_id)
        if (cursor !== undefined) query = query.where('id', '>', cursor)
        const { rows, next_cursor } = paged(
          await query
            .orderBy('id')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        return {
          status: 200,
          body: { entries: rows.map(({ record }) => shownTo(identity, record)), next_cursor },
        }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/waitlist/:id',
      operationId: 'leaveWaitlist',
      summary: 'Wait no more, or decline the place that is offered',
      tags,
      auth: ['user', 'vendor', 'admin'],
      params: Type.Object({ id: Uuid }),
      responses: { 200: { description: 'The entry as it is now', schema: AppointmentView } },
      errors: ['appointment_not_found', 'appointment_state_conflict'],
      handler: async request => {
        const { identity, params } = request
        await tellCalendar(ctx, request, params.id, uuidV7(ctx.nowMs(), ctx.random), 'cancel', {
          if_waiting: true,
        })
        return { status: 200, body: await shown(ctx, identity, params.id) }
      },
    }),
  ]
}
