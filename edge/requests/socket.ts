/** A pharmacy's terminal: open requests come in, answers go out. */
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import type { ResponseResult } from '../../protocol/orders/messages.ts'
import type { MessageNamed } from '../../protocol/dispatch/messages.ts'
import type { Identity } from '../kernel/identity.ts'
import { saidOf, type SaidContext } from '../conversations/said.ts'
import { shownTo } from '../idempotency/order-shown.ts'
import { type RespondContext, respondToRequest } from '../orders/respond.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { SigningContext } from '../links/links.ts'
import { ownPath } from '../links/own-urls.ts'
import { firstRows } from '../sockets/first-rows.ts'
import { CommandsInFlight, MessageTable } from '../kernel/messages.ts'
import { refusals } from '../kernel/refusal.ts'
import type { Entrance } from '../kernel/socket.ts'
import type { Opened, Session } from '../kernel/session.ts'
import type { Terminals } from './terminals.ts'

export type TerminalContext = Pick<Kernel, 'database' | 'hub'> &
  RespondContext &
  SigningContext &
  SaidContext

/**
 * Opens a pharmacy's terminal. Throws a Refusal for another role, for an account without a
 * pharmacy, and for too many sockets of the account.
 */
export async function openTerminal(
  ctx: TerminalContext,
  terminals: Terminals,
  session: Session,
  entrance: Entrance,
): Promise<Opened> {
  const identity = await entrance.identify()
  if (identity.role !== 'vendor') throw refusals.wrongRole('only pharmacies connect here')
  ctx.hub.admit(session, identity.userId)
  session.expiresAtMs = identity.expiresAtMs
  const { pharmacyId } = identity
  const pharmacy =
    pharmacyId === null ? undefined : await firstRows(ctx.database).pharmacy(pharmacyId)
  if (pharmacy === undefined) throw refusals.noSuchRecord('this account has no pharmacy record')

  const inFlight = new CommandsInFlight()
  const said = saidOf(ctx, session, identity, inFlight)
  const table = MessageTable.of('terminal')
    .on('send', said.send)
    .on('read', said.read)
    .on('resume', said.resume)
    .on('respond', message =>
      inFlight.start(
        session,
        () => respond(ctx, session, { identity, pharmacyId: pharmacy.id }, message),
        problem => ({
          type: 'response_result',
          request_id: message.request_id,
          outcome: outcomes[problem.code] ?? 'error',
          ...(message.id !== undefined && { id: message.id }),
          code: problem.code,
          message: problem.message,
        }),
      ),
    )
  return {
    handler: {
      onText: message => table.dispatch(session, message),
      ...terminals.handlerFor(session, pharmacy.id),
    },
    greeting: [
      {
        type: 'connection',
        message: 'Connected to pharmacy channel',
        pharmacy_id: pharmacy.id,
        pharmacy_name: pharmacy.business_name,
        location: { lat: pharmacy.latitude, lng: pharmacy.longitude },
      },
    ],
  }
}

/** The outcome of a refused answer. */
const outcomes: Partial<Record<ErrorCode, ResponseResult['outcome']>> = {
  request_already_assigned: 'lost',
  request_not_offered: 'not_offered',
  request_expired: 'expired',
  request_cancelled: 'cancelled',
}

async function respond(
  ctx: TerminalContext,
  { origin }: Session,
  { identity, pharmacyId }: { identity: Identity; pharmacyId: string },
  message: MessageNamed<'respond'>,
): Promise<ResponseResult> {
  const { request_id, response_type, text_message, audio_url, goods_amount, tax_amount, id } =
    message
  const { outcome, order } = await respondToRequest(ctx, {
    pharmacyId,
    person: identity.userId,
    requestId: request_id,
    response_type,
    // An answer without an id is still the same command when it is repeated.
    commandId: `${pharmacyId}:${id ?? `${request_id}:${response_type}`}`,
    money: { goods_amount, tax_amount },
    ...(text_message !== undefined && { text_message }),
    ...(audio_url !== undefined && { audio_url: ownPath(audio_url, origin) }),
  })
  // The winner may see the fields that were hidden before, so the same message shows them.
  return {
    type: 'response_result',
    request_id,
    outcome,
    ...(id !== undefined && { id }),
    ...(outcome === 'won' && { order: shownTo(ctx, identity, order) }),
  }
}
