/**
 * The parcel of an order under its policy: packing, scanning, hand-over, the code for the door,
 * agents, and breaks of the chain with the decision upon them.
 */
import Type from 'typebox'
import type { OrderVerb } from '../../protocol/dispatch/commands.ts'
import { custodyCommands } from '../../protocol/dispatch/custody-commands.ts'
import { custodyBounds } from '../../protocol/custody/limits.ts'
import type { GoodsClass } from '../../protocol/custody/classes.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { OrderView } from '../../protocol/orders/view.ts'
import { etagOf } from '../http/preconditions.ts'
import { once } from '../idempotency/idempotency.ts'
import type { Identity, Role } from '../kernel/identity.ts'
import { requireRole } from '../kernel/member-rights.ts'
import { route, type AnyRoute, type RouteRequest } from '../kernel/route.ts'
import { closedObject, Timestamp } from '../kernel/shapes.ts'
import { commandOrder } from '../orders/command.ts'
import { findOrder } from '../orders/reads.ts'
import { OrderId, type OrderContext } from '../orders/terms.ts'
import { pinOf, publicKeyOf, qrOf } from './codes.ts'
import { bindingOf, HandoverBody, reportHandover } from './handover.ts'

const tags = ['custody']
const oneOrder = { 200: { description: 'The order as it is now', schema: OrderView } }
const conflicts = ['order_not_found', 'order_state_conflict'] as const

const CodeView = Type.Object({
  pin: Type.String({ description: 'Six digits, for the driver at the door' }),
  qr: Type.String({ description: 'The text of a QR code, signed with Ed25519' }),
  expires_at: Timestamp,
  tries_left: Type.Integer({ minimum: 0 }),
})

/**
 * Controlled goods are packed by an owner or a pharmacist, and only they take that class or the cold
 * chain away from an order. Throws `forbidden`.
 */
async function requirePacker(
  ctx: OrderContext,
  identity: Identity,
  { params, body }: { params: unknown; body: unknown },
): Promise<void> {
  const { goods_classes: given } = body as { goods_classes?: GoodsClass[] }
  const { custody } = await findOrder(ctx, identity, (params as { id: string }).id)
  const had = custody?.classes ?? []
  if ([...(given ?? []), ...had].includes('controlled'))
    requireRole(identity, 'pharmacist', 'packing of controlled goods')
  if (given !== undefined && had.includes('cold_chain') && !given.includes('cold_chain'))
    requireRole(identity, 'pharmacist', 'taking goods out of the cold chain')
}

/** The rows of the parcel. */
export function parcelRoutes(ctx: OrderContext): AnyRoute[] {
  const command = (row: {
    path: string
    operationId: string
    summary: string
    roles: readonly Role[]
    verb: OrderVerb
    body: Type.TSchema
    errors?: AnyRoute['errors']
    /** Who may not work any more finishes what is under way. */
    finishing?: true
  }): AnyRoute =>
    route({
      method: 'POST',
      path: row.path,
      operationId: row.operationId,
      summary: row.summary,
      tags,
      auth: row.roles,
      ...(row.finishing === true && { standing: 'carrying' as const }),
      params: OrderId,
      body: row.body,
      idempotent: true,
      responses: oneOrder,
      errors: [...conflicts, ...(row.errors ?? [])],
      handler: request =>
        once(ctx, request, row.operationId, async ({ commandId }) => {
          if (row.verb === 'pack') await requirePacker(ctx, request.identity, request)
          const { order } = await commandOrder(
            ctx,
            request,
            request.params.id,
            commandId,
            row.verb,
            request.body as object,
          )
          return { status: 200, body: order, headers: { etag: etagOf(order.version) } }
        }),
    })
  /** The code for the door of an order of the caller. */
  const codeOf = (order: OrderView) => {
    const binding = bindingOf(order)
    if (binding === null || order.ended_at !== null)
      throw new CaduceusError(
        'order_state_conflict',
        'there is a code while a driver has the order',
      )
    const { text, expiresAtMs } = qrOf(ctx.config, binding, ctx.nowMs())
    return {
      status: 200 as const,
      body: {
        pin: pinOf(ctx.config, binding),
        qr: text,
        expires_at: new Date(expiresAtMs).toISOString(),
        tries_left: order.custody?.code.tries_left ?? custodyBounds.codeTriesMax,
      },
      headers: { 'cache-control': 'no-store' },
    }
  }
  const renewed = async (
    request: Pick<RouteRequest<unknown, unknown, unknown, Identity>, 'identity' | 'principal'>,
    orderId: string,
  ): Promise<OrderView> => {
    const { custody } = await findOrder(ctx, request.identity, orderId)
    const commandId = uuidV7(ctx.nowMs(), ctx.random)
    const data = { generation: (custody?.code.generation ?? 0) + 1 }
    return (await commandOrder(ctx, request, orderId, commandId, 'renew_code', data)).order
  }
  return [
    command({
      path: '/api/orders/:id/custody/pack',
      operationId: 'packParcel',
      summary: 'The pharmacy has dispensed, packed and sealed the goods; the last one counts',
      roles: ['vendor', 'admin'],
      verb: 'pack',
      body: custodyCommands.pack.data,
      errors: ['goods_refused'],
    }),
    command({
      path: '/api/orders/:id/custody/scans',
      operationId: 'scanPackage',
      summary: 'A package is scanned; expired goods and goods that were not dispensed are refused',
      roles: ['driver', 'vendor', 'admin'],
      verb: 'scan',
      finishing: true,
      body: custodyCommands.scan.data,
      errors: ['goods_refused'],
    }),
    route({
      method: 'POST',
      path: '/api/orders/:id/custody/handover',
      operationId: 'reportHandover',
      summary: 'Pick-up, hand-over or return with the evidence that the goods need',
      tags,
      auth: ['driver', 'vendor', 'admin'],
      standing: 'carrying',
      params: OrderId,
      body: HandoverBody,
      idempotent: true,
      responses: oneOrder,
      errors: [
        ...conflicts,
        'custody_evidence_missing',
        'custody_evidence_refused',
        'custody_unresolved',
        'custody_code_refused',
        'custody_code_locked',
        'proof_required',
        'proof_invalid',
        'cash_statement_required',
      ],
      handler: request =>
        once(ctx, request, 'reportHandover', async ({ commandId }) => {
          const order = await reportHandover(
            ctx,
            request,
            request.params.id,
            commandId,
            request.body,
          )
          return { status: 200, body: order, headers: { etag: etagOf(order.version) } }
        }),
    }),
    command({
      path: '/api/orders/:id/custody/agents',
      operationId: 'nameAgent',
      summary: 'Names somebody who may take the parcel for the patient; never the driver',
      roles: ['user', 'vendor', 'admin'],
      verb: 'name_agent',
      body: custodyCommands.name_agent.data,
      errors: ['custody_evidence_refused'],
    }),
    route({
      method: 'GET',
      path: '/api/orders/:id/custody/code',
      operationId: 'getHandoverCode',
      summary: 'The code that the customer shows at the door, for the customer alone',
      tags,
      auth: ['user'],
      params: OrderId,
      responses: { 200: { description: 'PIN and QR; each works once', schema: CodeView } },
      errors: [...conflicts],
      handler: async ({ identity, params }) => codeOf(await findOrder(ctx, identity, params.id)),
    }),
    route({
      method: 'POST',
      path: '/api/orders/:id/custody/code',
      operationId: 'renewHandoverCode',
      summary: 'A new code; the one before opens nothing any more',
      tags,
      auth: ['user'],
      params: OrderId,
      body: closedObject({}),
      responses: { 200: { description: 'The new code', schema: CodeView } },
      errors: [...conflicts, 'custody_code_locked'],
      handler: async request => codeOf(await renewed(request, request.params.id)),
    }),
    route({
      method: 'POST',
      path: '/api/orders/:id/custody/unlock',
      operationId: 'unlockHandover',
      summary:
        'A new code for the customer after too many wrong ones; the pharmacy does not see it',
      tags,
      auth: ['vendor', 'admin'],
      standing: 'carrying',
      params: OrderId,
      body: closedObject({}),
      responses: {
        ...oneOrder,
        409: {
          description: "The customer's code is good, or the order is at another step",
          contentType: 'application/problem+json',
        },
      },
      errors: [...conflicts, 'custody_code_locked'],
      handler: async request => {
        const order = await renewed(request, request.params.id)
        return { status: 200, body: order, headers: { etag: etagOf(order.version) } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/custody/handover-key',
      operationId: 'getHandoverKey',
      summary: 'The public key of the codes at the door, for phones without a connection',
      tags,
      auth: 'none',
      responses: {
        200: {
          description: 'Ed25519; the text of a QR ends with the signature of what is before it',
          schema: Type.Object({ public_key: Type.String({ description: '32 bytes in base64' }) }),
        },
      },
      handler: async () => ({ status: 200, body: { public_key: publicKeyOf(ctx.config) } }),
    }),
    command({
      path: '/api/orders/:id/custody/breaks',
      operationId: 'reportBreak',
      summary:
        'The chain broke: a code cannot be scanned, the parcel is damaged, the goods are warm',
      roles: ['driver', 'vendor', 'admin'],
      verb: 'report_break',
      finishing: true,
      body: custodyCommands.report_break.data,
      errors: ['custody_unresolved'],
    }),
    command({
      path: '/api/orders/:id/custody/decisions',
      operationId: 'decideBreak',
      summary: 'The pharmacy decides whether a parcel with a broken chain may go on, or goes back',
      roles: ['vendor', 'admin'],
      verb: 'mend',
      finishing: true,
      body: custodyCommands.mend.data,
      errors: ['not_found'],
    }),
  ]
}
