/**
 * Appointments: `/api/appointments`. Every change is a command to the calendar of the service, which
 * decides; reads come from the rows.
 */
import { randomBytes } from 'node:crypto'
import Type from 'typebox'
import {
  appointmentStatuses,
  olderStatusNames,
  requirements,
  stepOutcomes,
  type AppointmentStatus,
} from '../../protocol/appointments/statuses.ts'
import { AppointmentView } from '../../protocol/appointments/view.ts'
import { isKnownZone } from '../../protocol/appointments/zones.ts'
import { CaduceusError, type ErrorCode } from '../../protocol/kernel/errors.ts'
import { instantMs } from '../../protocol/kernel/iso-time.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { contactOf } from '../accounts/contacts.ts'
import { once } from '../idempotency/idempotency.ts'
import type { Identity, Role } from '../kernel/identity.ts'
import { route, type AnyRoute, type RouteRequest } from '../kernel/route.ts'
import { closedObject, nextCursor, page, paged, Text, Timestamp } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { requirePapersAt, settleAppointmentsOf } from '../papers/appointments.ts'
import { startOf } from '../services/moments.ts'
import { findService, termsOf } from '../services/records.ts'
import type { ServiceRow } from '../services/views.ts'
import { requireWorkingPharmacy, shown, tellCalendar, type VisitContext } from './context.ts'
import { findAppointment, readable, shownTo } from './reads.ts'
import { withNextFree } from './refusals.ts'
import { Start } from './start.ts'

const tags = ['appointments']
const parties = ['user', 'vendor', 'admin'] as const
const AppointmentId = Type.Object({ id: Uuid })
const one = { 200: { description: 'The appointment as it is now', schema: AppointmentView } }
const slotErrors = [
  'slot_taken',
  'slot_past',
  'slot_too_soon',
  'slot_too_far',
  'slot_closed',
  'slot_in_gap',
  'slot_ambiguous',
] as const satisfies readonly ErrorCode[]

/** The states that a name covers: that of a state, or an older one. */
const statusesOf = (name: string): readonly AppointmentStatus[] =>
  Object.hasOwn(olderStatusNames, name)
    ? olderStatusNames[name as keyof typeof olderStatusNames]
    : [name as AppointmentStatus]

/** The customer of a new appointment, and what the calendar needs of the service. */
export async function newAppointment(
  ctx: VisitContext,
  identity: Identity,
  body: { service_id: string; user_id?: string; notes?: string; time_zone?: string },
) {
  const { user_id, notes, time_zone } = body
  if (user_id !== undefined && user_id !== identity.userId && identity.role !== 'admin')
    throw invalid([{ field: 'user_id', rule: 'must be your own id' }])
  if (identity.role === 'admin' && user_id === undefined)
    throw invalid([{ field: 'user_id', rule: 'must name the customer' }])
  if (time_zone !== undefined && !isKnownZone(time_zone))
    throw invalid([{ field: 'time_zone', rule: 'must be an IANA time zone such as Asia/Kolkata' }])
  const db = ctx.database.kysely
  const service = await findService(db, null, body.service_id)
  if (!service.open)
    throw new CaduceusError('vendor_not_active', 'this pharmacy takes no appointments now')
  const contact = await contactOf(ctx.database, user_id ?? identity.userId, ctx.nowMs()).catch(
    (error: unknown) => {
      throw user_id === undefined
        ? error
        : invalid([{ field: 'user_id', rule: 'must be an account' }])
    },
  )
  return {
    service,
    data: {
      vendor_id: service.vendor_id,
      terms: await termsOf(db, service, ctx.nowMs()),
      ...contact,
      ...(notes !== undefined && { notes }),
      ...(time_zone !== undefined && { customer_time_zone: time_zone }),
      check_in_code: randomBytes(9).toString('base64url'),
    },
  }
}

/** The rows of `/api/appointments`. */
export function appointmentRoutes(ctx: VisitContext): AnyRoute[] {
  const db = ctx.database.kysely

  /** A POST route for one command on one appointment. */
  const commandRoute = <B extends Type.TSchema>(row: {
    path: string
    operationId: string
    summary: string
    roles: readonly Role[]
    params?: Type.TObject
    body: B
    errors: readonly ErrorCode[]
    verb: Parameters<typeof tellCalendar>[4]
    fields?: Partial<Record<ErrorCode, string>>
    before?: typeof requireWorkingPharmacy
    data?(request: RouteRequest<Record<string, string>, unknown, Type.Static<B>, Identity>): object
  }): AnyRoute =>
    route({
      method: 'POST',
      path: `/api/appointments/:id/${row.path}`,
      operationId: row.operationId,
      summary: row.summary,
      tags,
      auth: row.roles,
      params: row.params ?? AppointmentId,
      body: row.body,
      idempotent: true,
      responses: one,
      errors: ['appointment_not_found', 'appointment_state_conflict', ...row.errors],
      handler: async given => {
        const request = given as unknown as RouteRequest<
          Record<string, string>,
          unknown,
          Type.Static<B>,
          Identity
        >
        const id = request.params['id']!
        const answer = await once(ctx, request, row.operationId, async ({ commandId }) => {
          await row.before?.(ctx, request.identity, id)
          const data = row.data?.(request) ?? (request.body as object)
          await tellCalendar(ctx, request, id, commandId, row.verb, data, row.fields)
          return { status: 200, body: {} }
        })
        return { ...answer, body: await shown(ctx, request.identity, id) }
      },
    })

  return [
    route({
      method: 'POST',
      path: '/api/appointments',
      operationId: 'bookAppointment',
      summary:
        'Book a slot of a service; who asks first has it, and others hear the next free slots',
      tags,
      auth: ['user', 'admin'],
      idempotent: true,
      body: closedObject({
        service_id: Uuid,
        ...Start,
        notes: Type.Optional(Text),
        time_zone: Type.Optional(
          Type.String({
            maxLength: 64,
            description: "The customer's, for quiet hours; the one of the service unless stated",
          }),
        ),
        user_id: Type.Optional(Uuid),
      }),
      responses: { 201: { description: 'The appointment', schema: AppointmentView } },
      errors: [
        'service_not_found',
        'vendor_not_active',
        ...slotErrors,
        'appointment_limit_reached',
        'overloaded',
      ],
      handler: async request => {
        const { identity, principal, body } = request
        const answer = await once(ctx, request, 'bookAppointment', async ids => {
          const { service, data } = await newAppointment(ctx, identity, body)
          const start_ms = startOf(body, data.terms.time_zone)
          await ctx.commands
            .send({
              actor: 'appointment',
              id: ids.commandId,
              actor_id: service.id,
              verb: 'book',
              by: principal,
              data: { appointment_id: ids.targetId, ...data, start_ms },
            })
            .catch(async (error: unknown) => {
              throw await withNextFree(ctx, service, start_ms, error)
            })
          // A paper of the person may have been approved long ago.
          if (data.terms.required_documents.length > 0)
            await settleAppointmentsOf(ctx, { id: ids.targetId })
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
      path: '/api/appointments',
      operationId: 'listAppointments',
      summary:
        "A customer's own appointments, those at the caller's pharmacy, or for an administrator all; newest first",
      tags,
      auth: parties,
      query: closedObject({
        ...page,
        status: Type.Optional(
          Type.Enum([...appointmentStatuses, ...Object.keys(olderStatusNames)]),
        ),
        service_id: Type.Optional(Uuid),
        vendor_id: Type.Optional(Uuid),
        from: Type.Optional(Timestamp),
        to: Type.Optional(Timestamp),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({
            appointments: Type.Array(AppointmentView),
            next_cursor: nextCursor,
          }),
        },
      },
      handler: async ({ identity, query: asked }) => {
        const { limit = limits.listLimitDefault, cursor, status, service_id, vendor_id } = asked
        let query = readable(db, identity)
        if (status !== undefined) query = query.where('status', 'in', statusesOf(status))
        if (service_id !== undefined) query = query.where('service_id', '=', service_id)
        if (vendor_id !== undefined) query = query.where('vendor_id', '=', vendor_id)
        if (asked.from !== undefined)
          query = query.where('start_at', '>=', new Date(instantMs(asked.from)!))
        if (asked.to !== undefined)
          query = query.where('start_at', '<', new Date(instantMs(asked.to)!))
        if (cursor !== undefined) query = query.where('id', '<', cursor)
        const { rows, next_cursor } = paged(
          await query
            .orderBy('id', 'desc')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        return {
          status: 200,
          body: {
            appointments: rows.map(({ record }) => shownTo(identity, record)),
            next_cursor,
          },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/appointments/:id',
      operationId: 'getAppointment',
      summary: 'One appointment',
      tags,
      auth: parties,
      params: AppointmentId,
      responses: one,
      errors: ['appointment_not_found'],
      handler: async ({ identity, params }) => ({
        status: 200,
        body: await shown(ctx, identity, params.id),
      }),
    }),
    commandRoute({
      path: 'confirm',
      operationId: 'confirmAppointment',
      summary:
        'Confirm an appointment, with the things that were missing and are settled; as a customer, accept a place that was offered',
      roles: parties,
      body: closedObject({
        settles: Type.Optional(Type.Array(Type.Enum([...requirements]), { uniqueItems: true })),
      }),
      errors: ['appointment_incomplete', 'forbidden', 'vendor_not_active'],
      verb: 'confirm',
      before: requireWorkingPharmacy,
      data: ({ body }) => ({ settles: body.settles ?? [] }),
    }),
    route({
      method: 'POST',
      path: '/api/appointments/:id/reschedule',
      operationId: 'rescheduleAppointment',
      summary: 'Move an appointment to another slot of its service, at once or not at all',
      tags,
      auth: parties,
      params: AppointmentId,
      idempotent: true,
      body: closedObject(Start),
      responses: one,
      errors: [
        'appointment_not_found',
        'appointment_state_conflict',
        'appointment_too_late',
        'appointment_incomplete',
        'vendor_not_active',
        ...slotErrors,
      ],
      handler: async request => {
        const { identity, principal, params, body } = request
        const answer = await once(ctx, request, 'rescheduleAppointment', async ({ commandId }) => {
          await requireWorkingPharmacy(ctx, identity, params.id)
          const { service_id } = await findAppointment(db, identity, params.id)
          const service = await serviceRow(service_id)
          const terms = await termsOf(db, service, ctx.nowMs())
          const start_ms = startOf(body, terms.time_zone)
          if (identity.role !== 'admin')
            await requirePapersAt(
              ctx,
              params.id,
              start_ms,
              body.start === undefined ? 'start_local' : 'start',
            )
          const data = { vendor_id: service.vendor_id, terms, start_ms }
          await tellCalendar(
            ctx,
            { identity, principal },
            params.id,
            commandId,
            'reschedule',
            data,
          ).catch(async (error: unknown) => {
            throw await withNextFree(ctx, service, start_ms, error)
          })
          return { status: 200, body: {} }
        })
        return { ...answer, body: await shown(ctx, identity, params.id) }
      },
    }),
    commandRoute({
      path: 'cancel',
      operationId: 'cancelAppointment',
      summary: 'Cancel an appointment; a customer until the time that the service names',
      roles: parties,
      body: closedObject({ reason: Type.Optional(Text) }),
      errors: ['appointment_too_late'],
      verb: 'cancel',
    }),
    commandRoute({
      path: 'check-in',
      operationId: 'checkIn',
      summary:
        "As a customer: I am here. As the pharmacy: the customer was received, with the code that the customer's phone shows",
      roles: parties,
      body: closedObject({ code: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })) }),
      errors: ['code_wrong', 'appointment_too_early', 'appointment_too_late'],
      verb: 'check_in',
    }),
    commandRoute({
      path: 'steps/:step_id',
      operationId: 'completeStep',
      summary: 'A step of the visit is done or left out; steps are done in their order',
      roles: ['vendor', 'admin'],
      params: Type.Object({ id: Uuid, step_id: Type.String({ minLength: 1, maxLength: 40 }) }),
      body: closedObject({ outcome: Type.Optional(Type.Enum([...stepOutcomes])) }),
      errors: ['not_found', 'step_out_of_order'],
      verb: 'complete_step',
      data: ({ identity, params, body }) => ({
        step_id: params['step_id']!,
        outcome: body.outcome ?? 'done',
        person_id: identity.userId,
        person_name: identity.name,
      }),
    }),
    commandRoute({
      path: 'complete',
      operationId: 'completeAppointment',
      summary: 'The visit is over, and every step is done or left out',
      roles: ['vendor', 'admin'],
      body: closedObject({}),
      errors: ['step_out_of_order'],
      verb: 'complete',
      fields: { step_out_of_order: 'steps' },
    }),
    commandRoute({
      path: 'no-show',
      operationId: 'markNoShow',
      summary: 'Nobody came, and the grace is over',
      roles: ['vendor', 'admin'],
      body: closedObject({}),
      errors: ['appointment_too_early'],
      verb: 'no_show',
    }),
  ]

  async function serviceRow(id: string): Promise<ServiceRow> {
    return db.selectFrom('services').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  }
}
