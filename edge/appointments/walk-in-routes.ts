/**
 * People who stand in the pharmacy without an account or an appointment. The staff names them, and
 * the calendar gives them a seat by the same rules as everybody: never one that is taken, held, or
 * promised to a customer who waits.
 */
import { randomBytes } from 'node:crypto'
import Type from 'typebox'
import { requirements } from '../../protocol/appointments/statuses.ts'
import { AppointmentView } from '../../protocol/appointments/view.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { once } from '../idempotency/idempotency.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, PersonName, Phone, Text } from '../kernel/shapes.ts'
import { startOf } from '../services/moments.ts'
import { findService, termsOf } from '../services/records.ts'
import { manages } from '../services/views.ts'
import { shown, type VisitContext } from './context.ts'
import { withNextFree } from './refusals.ts'
import { Start } from './start.ts'

/** The row of `/api/appointments/walk-in`. */
export function walkInRoutes(ctx: VisitContext): AnyRoute[] {
  const db = ctx.database.kysely
  return [
    route({
      method: 'POST',
      path: '/api/appointments/walk-in',
      operationId: 'admitWalkIn',
      summary:
        'Receive a person who stands in the pharmacy: the slot that has begun, or the next free one within two hours',
      tags: ['appointments'],
      auth: ['vendor', 'admin'],
      idempotent: true,
      body: closedObject({
        service_id: Uuid,
        customer_name: PersonName,
        customer_phone: Type.Optional(Phone),
        ...Start,
        notes: Type.Optional(Text),
        settles: Type.Optional(
          Type.Array(Type.Enum([...requirements]), {
            uniqueItems: true,
            description: 'Things that the service wants and that were seen to at the counter',
          }),
        ),
      }),
      responses: {
        201: { description: 'The appointment, checked in', schema: AppointmentView },
      },
      errors: [
        'service_not_found',
        'vendor_not_active',
        'appointment_incomplete',
        'slot_taken',
        'slot_past',
        'slot_too_far',
        'slot_closed',
        'slot_in_gap',
        'slot_ambiguous',
        'overloaded',
      ],
      handler: async request => {
        const { identity, principal, body } = request
        const answer = await once(ctx, request, 'admitWalkIn', async ids => {
          const { service_id, customer_name, customer_phone = '', notes, settles = [] } = body
          const service = await findService(db, identity, service_id)
          if (!manages(identity, service.vendor_id))
            throw new CaduceusError('service_not_found', 'no such service')
          if (!service.open)
            throw new CaduceusError('vendor_not_active', 'this pharmacy takes no appointments now')
          const terms = await termsOf(db, service, ctx.nowMs())
          const isAsked = body.start !== undefined || body.start_local !== undefined
          const start_ms = isAsked ? startOf(body, terms.time_zone) : null
          await ctx.commands
            .send({
              actor: 'appointment',
              id: ids.commandId,
              actor_id: service.id,
              verb: 'admit',
              by: principal,
              data: {
                appointment_id: ids.targetId,
                vendor_id: service.vendor_id,
                terms,
                customer_id: ids.targetId,
                customer_name,
                customer_phone,
                ...(notes !== undefined && { notes }),
                check_in_code: randomBytes(9).toString('base64url'),
                start_ms,
                settles,
              },
            })
            .catch(async (error: unknown) => {
              throw await withNextFree(ctx, service, start_ms ?? ctx.nowMs(), error)
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
  ]
}
