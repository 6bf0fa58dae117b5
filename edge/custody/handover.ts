/** Reports a pick-up, a hand-over or a return with its evidence to the order. */
import Type from 'typebox'
import type { OrderCommandData } from '../../protocol/dispatch/commands.ts'
import { Evidence } from '../../protocol/custody/evidence.ts'
import { stages, type Stage } from '../../protocol/custody/policies.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { deliveryMoney } from '../../protocol/orders/said-money.ts'
import type { OrderStatus } from '../../protocol/orders/statuses.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { Identity } from '../kernel/identity.ts'
import type { RouteRequest } from '../kernel/route.ts'
import { closedObject, Text, Timestamp, Url } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { commandOrder } from '../orders/command.ts'
import { findOrder } from '../orders/reads.ts'
import type { OrderContext } from '../orders/terms.ts'
import { isPin, isQr, type CodeBinding } from './codes.ts'
import { custodyLimits } from './limits.ts'
import { summarise } from './readings.ts'

const { happened_at_ms: _, code: __, temperatures: ___, ...given } = Evidence.properties
export const HandoverBody = closedObject({
  stage: Type.Enum([...stages]),
  happened_at: Type.Optional(Timestamp),
  ...given,
  pin: Type.Optional(
    Type.String({
      pattern: '^[0-9]{6}$',
      'x-rule': 'must be six digits',
      description: 'As the customer shows it',
    }),
  ),
  qr: Type.Optional(
    Type.String({
      maxLength: custodyLimits.qrCharactersMax,
      description: "The text of the customer's QR code",
    }),
  ),
  proof_photo_url: Type.Optional(Url),
  signature_url: Type.Optional(Url),
  reason: Type.Optional(Text),
  ...deliveryMoney,
})
export type HandoverBody = Type.Static<typeof HandoverBody>

const verbs = { pickup: 'pick_up', handover: 'deliver', return: 'complete_return' } as const
const reached: Readonly<Record<Stage, OrderStatus>> = {
  pickup: 'picked_up',
  handover: 'delivered',
  return: 'returned',
}
const onlyAtTheDoor = [
  'signature_url',
  'reason',
  'pin',
  'qr',
  'receiver',
  'identity',
  'cash_taken',
  'cash_reason',
] as const

type Guarded = Pick<RouteRequest<unknown, unknown, unknown, Identity>, 'identity' | 'principal'>

/**
 * The order after the report. Throws the refusals of the policy; `custody_unresolved` when the
 * report itself broke the chain, and `custody_code_refused` when the code was wrong.
 */
export async function reportHandover(
  ctx: OrderContext,
  request: Guarded,
  orderId: string,
  commandId: string,
  body: HandoverBody,
): Promise<OrderView> {
  const {
    stage,
    happened_at,
    pin,
    qr,
    proof_photo_url,
    signature_url,
    reason,
    cash_taken,
    cash_reason,
    ...rest
  } = body
  const misplaced =
    stage === 'handover' ? [] : onlyAtTheDoor.filter(name => body[name] !== undefined)
  if (misplaced.length > 0)
    throw invalid(misplaced.map(field => ({ field, rule: 'belongs to the stage handover' })))
  if (pin !== undefined && qr !== undefined)
    throw invalid([{ field: 'pin', rule: 'is not given together with qr' }])
  const happenedAtMs = happened_at === undefined ? undefined : Date.parse(happened_at)
  const code =
    pin === undefined && qr === undefined
      ? undefined
      : await codeShown(ctx, request, orderId, { pin, qr }, happenedAtMs ?? ctx.nowMs())
  const temperatures = stage === 'pickup' ? null : await summarise(ctx, request, orderId)
  const custody = {
    ...rest,
    ...(temperatures !== null && { temperatures }),
    ...(happenedAtMs !== undefined && { happened_at_ms: happenedAtMs }),
    ...(code !== undefined && { code }),
  }
  const data = {
    ...(proof_photo_url !== undefined && { proof_photo_url }),
    ...(signature_url !== undefined && { signature_url }),
    ...(reason !== undefined && { reason }),
    ...(Object.keys(custody).length > 0 && { custody }),
  } satisfies OrderCommandData['deliver']
  if (stage === 'handover')
    await ctx.orderMoney.delivering(commandId, orderId, request.identity, {
      cash_taken,
      cash_reason,
    })
  const { order } = await commandOrder(ctx, request, orderId, commandId, verbs[stage], data)
  if (order.status !== reached[stage]) throw brokenInstead(order)
  return order
}

/** The refusal of a report that was kept as a fact instead of being carried out. */
function brokenInstead({ custody }: OrderView): CaduceusError {
  const open = custody?.breaks.findLast(({ outcome }) => outcome === null)
  if (open !== undefined)
    return new CaduceusError(
      'custody_unresolved',
      `break ${open.number} of the chain (${open.kind}) waits for a decision of the pharmacy`,
      undefined,
      undefined,
      { break: open.number, kind: open.kind },
    )
  const left = custody?.code.tries_left ?? 0
  return new CaduceusError(
    'custody_code_refused',
    `the code is wrong; ${left} tries are left`,
    undefined,
    undefined,
    { tries_left: left },
  )
}

/** The binding of the code of an order; null while no driver has it. */
export const bindingOf = ({
  id,
  driver_id,
  assignment_id,
  custody,
}: OrderView): CodeBinding | null =>
  driver_id === null || assignment_id === null
    ? null
    : {
        orderId: id,
        driverId: driver_id,
        assignmentId: assignment_id,
        generation: custody?.code.generation ?? 0,
      }

/** What the edge finds about a code; the order decides with it. */
async function codeShown(
  ctx: OrderContext,
  { identity }: Guarded,
  orderId: string,
  { pin, qr }: { pin: string | undefined; qr: string | undefined },
  atMs: number,
): Promise<NonNullable<Evidence['code']>> {
  const binding = bindingOf(await findOrder(ctx, identity, orderId))
  if (binding === null) throw new CaduceusError('order_state_conflict', 'no driver has this order')
  const { assignmentId, generation } = binding
  return {
    method: pin === undefined ? 'qr' : 'pin',
    right:
      pin === undefined ? isQr(ctx.config, binding, qr!, atMs) : isPin(ctx.config, binding, pin),
    assignment_id: assignmentId,
    generation,
  }
}
