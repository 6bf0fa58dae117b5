/**
 * A pharmacy's answer to a request, over HTTP or its socket. An accept first asks the claims, which
 * decide the race and answer the many losers without the engine. The winner there is told only
 * after the order's actor has journaled the win, because a claim may be lost and the journal may
 * not. REJECTED has no race and goes straight to the actor.
 *
 * Rejected: answering `taken` while the holder of the claim is unconfirmed. The holder may die
 * before the journal and the claim lapse; then all were told that somebody has the request, and
 * nobody has it.
 */
import { requestExpired } from '../../protocol/orders/texts.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { ClaimAnswer } from '../../protocol/claims/claims.ts'
import type { OrderCommandData } from '../../protocol/dispatch/commands.ts'
import type { FeeTerms } from '../../protocol/dispatch/order-commands.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { AcceptanceMoney } from '../../protocol/orders/said-money.ts'
import type { WithOrderMoney } from '../kernel/order-money.ts'
import type { WithRaces } from './races.ts'
import type { Kernel } from '../kernel/kernel.ts'

export interface PharmacyAnswer {
  pharmacyId: string
  /** Account of the person who answers. */
  person: string
  requestId: string
  commandId: string
  response_type: 'ACCEPTED' | 'REJECTED'
  text_message?: string
  audio_url?: string
  /** Fee of the pharmacy's own quote. */
  fee?: FeeTerms
  /** Words about money of an accept. */
  money?: AcceptanceMoney
}
export interface PharmacyOutcome {
  outcome: 'won' | 'recorded'
  order: OrderView
}
export type RespondContext = Pick<Kernel, 'claims' | 'commands' | 'log' | 'nowMs'> &
  WithRaces & { readonly orderMoney: Pick<WithOrderMoney['orderMoney'], 'accepting'> }

const heldPauseMsFirst = 10
const heldPauseMsMax = 160
/** Time after which a held claim is confirmed, released or lapsed. */
const heldWaitMs = limits.claimLeaseMs + 1_000

/**
 * Throws CaduceusError with the refusal of the answer, and `too_many_requests` when the pharmacy
 * has too many answers under way. `from` is the request, whose log has its id.
 */
export function respondToRequest(
  ctx: RespondContext,
  answer: PharmacyAnswer,
  from: From = ctx,
  pause: (ms: number) => Promise<unknown> = sleep,
): Promise<PharmacyOutcome> {
  return ctx.races.answers.run(answer.pharmacyId, () => settle(ctx, answer, from, pause))
}

async function settle(
  ctx: RespondContext,
  answer: PharmacyAnswer,
  from: From,
  pause: (ms: number) => Promise<unknown>,
): Promise<PharmacyOutcome> {
  if (answer.response_type === 'REJECTED') return tellActor(ctx, answer)
  const ahead = ctx.races.enter(answer.requestId, answer.pharmacyId)
  if (ahead !== null) {
    if ((await ahead) === 'taken') throw alreadyAssigned
    return claimAndConfirm(ctx, answer, from, pause)
  }
  let won = false
  try {
    const outcome = await claimAndConfirm(ctx, answer, from, pause)
    won = true
    return outcome
  } finally {
    ctx.races.leave(answer.requestId, won)
  }
}

interface From {
  readonly log: Logger
}

async function claimAndConfirm(
  ctx: RespondContext,
  answer: PharmacyAnswer,
  from: From,
  pause: (ms: number) => Promise<unknown>,
): Promise<PharmacyOutcome> {
  const claim = await claimUntilSettled(ctx, answer, from, pause)
  switch (claim.outcome) {
    case 'won':
      return confirmWin(ctx, answer)
    case 'taken':
      throw alreadyAssigned
    case 'not_eligible':
      throw notOffered()
    case 'too_late':
      throw new CaduceusError('request_expired', requestExpired)
    case 'closed':
      throw claim.as === 'expired'
        ? new CaduceusError('request_expired', requestExpired)
        : new CaduceusError('request_cancelled', 'This request was cancelled')
    // The claims do not know, or the holder neither confirmed nor lapsed. The actor knows.
    case 'unknown':
    case 'held':
      return tellActor(ctx, answer)
    default:
      return claim satisfies never
  }
}

/**
 * One error for all: five hundred lose at once, and a stack for each would be a fifth of the cost
 * of telling them.
 */
const alreadyAssigned = new CaduceusError(
  'request_already_assigned',
  'This request has already been assigned to a pharmacy',
)
/**
 * Claims and actor must refuse with the same text; otherwise the text reveals which of them knew
 * the request.
 */
const notOffered = () =>
  new CaduceusError('request_not_offered', 'This request was not offered to this pharmacy')

type Settled = ClaimAnswer | { outcome: 'taken' }

/**
 * Asks the claims until the answer is not `held` or the engine names the winner, for as long as a
 * held claim can last.
 */
async function claimUntilSettled(
  ctx: RespondContext,
  answer: PharmacyAnswer,
  from: From,
  pause: (ms: number) => Promise<unknown>,
): Promise<Settled> {
  const untilMs = ctx.nowMs() + heldWaitMs
  for (let pauseMs = heldPauseMsFirst; ; pauseMs = Math.min(pauseMs * 2, heldPauseMsMax)) {
    let claim: ClaimAnswer
    try {
      claim = await ctx.claims.claim(answer.requestId, answer.pharmacyId)
    } catch (error) {
      from.log.warn(
        { err: error, order_id: answer.requestId },
        'claims cannot be asked; asking the actor',
      )
      return { outcome: 'unknown' }
    }
    if (claim.outcome !== 'held' || ctx.nowMs() + pauseMs > untilMs) return claim
    const { end, cancel } = ctx.races.watch(answer.requestId, answer.pharmacyId)
    const ended = await Promise.race([pause(pauseMs), end])
    cancel()
    if (ended === 'taken') return { outcome: 'taken' }
  }
}

async function confirmWin(ctx: RespondContext, answer: PharmacyAnswer): Promise<PharmacyOutcome> {
  try {
    return await tellActor(ctx, answer)
  } catch (error) {
    // After a lost reply the actor may have journaled the win. Then the claim must stay; it lapses
    // if the actor has not.
    if (error instanceof CaduceusError && error.code !== 'unavailable')
      await ctx.claims.release(answer.requestId, answer.pharmacyId).catch(() => undefined)
    throw error
  }
}

async function tellActor(ctx: RespondContext, answer: PharmacyAnswer): Promise<PharmacyOutcome> {
  if (answer.response_type === 'ACCEPTED') {
    const { commandId, requestId, pharmacyId, money = {} } = answer
    const teller = { role: 'vendor', pharmacyId, driverId: null } as const
    await ctx.orderMoney.accepting(commandId, requestId, teller, money)
  }
  const data: OrderCommandData['respond'] = {
    response_type: answer.response_type,
    ...(answer.text_message !== undefined && { text_message: answer.text_message }),
    ...(answer.audio_url !== undefined && { audio_url: answer.audio_url }),
    ...(answer.fee !== undefined && { fee: answer.fee }),
  }
  const reply = await ctx.commands
    .order({
      id: answer.commandId,
      actor_id: answer.requestId,
      verb: 'respond',
      by: { role: 'vendor', id: answer.pharmacyId, person: answer.person },
      data,
    })
    .catch((error: unknown) => {
      // Only pharmacies that were asked may know whether the request exists.
      throw error instanceof CaduceusError &&
        (error.code === 'order_not_found' || error.code === 'request_not_offered')
        ? notOffered()
        : error
    })
  return {
    outcome: reply.outcome.response ?? (answer.response_type === 'ACCEPTED' ? 'won' : 'recorded'),
    order: reply.order,
  }
}
