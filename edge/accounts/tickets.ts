/**
 * Tickets for WebSockets. A browser cannot set a header on a socket, and an access token in a URL
 * ends up in logs. A ticket is random, works once within a minute, and is stored as a hash. A seal
 * on it lets the admission recognise a ticket of ours without asking the database.
 */
import { sql, type RawBuilder } from 'kysely'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { AccountsConfig } from './config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { hashToken, tokensOf } from './tokens.ts'

export const ticketLifeMs = 60_000
type TicketContext = Pick<Kernel, 'database' | 'nowMs'> & WithConfig<KernelConfig & AccountsConfig>

/**
 * `sessionId`: the sign-in that asks; the socket ends with it. Throws `token_invalid` when that
 * sign-in has ended or the account is not active. The statement that writes the ticket checks both.
 */
export async function issueTicket(
  ctx: TicketContext,
  userId: string,
  sessionId?: string,
): Promise<{ ticket: string; expiresAtMs: number }> {
  const nowMs = ctx.nowMs()
  const ticket = (await tokensOf(ctx.config)).newTicket(nowMs)
  const expiresAtMs = nowMs + ticketLifeMs
  const { rows } = await sql`
    insert into ws_tickets (hash, user_id, family_id, expires_at)
    select ${hashToken(ticket)}, id, ${sessionId ?? null}::uuid, ${new Date(expiresAtMs)}::timestamptz from (select id from users where id = ${userId} and is_active for share) still
    where not ${hasEnded(sql`${sessionId ?? null}::uuid`)} returning hash`.execute(
    ctx.database.kysely,
  )
  if (rows.length === 0)
    throw new CaduceusError('token_invalid', 'this sign-in has ended; sign in again')
  return { ticket, expiresAtMs }
}

/**
 * Redeems a ticket: returns its account, and whether its sign-in has ended since, and marks it
 * used. Null if it is unknown, expired or already used.
 */
export async function redeemTicketRow(
  ctx: TicketContext,
  ticket: string,
): Promise<{ userId: string; sessionId: string | null; hasEnded: boolean } | null> {
  const now = new Date(ctx.nowMs())
  const row = await ctx.database.kysely
    .updateTable('ws_tickets')
    .set({ used_at: now })
    .where('hash', '=', hashToken(ticket))
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .returning(['user_id', 'family_id', hasEnded(sql`ws_tickets.family_id`).as('has_ended')])
    .executeTakeFirst()
  return row === undefined
    ? null
    : { userId: row.user_id, sessionId: row.family_id, hasEnded: row.has_ended }
}

/** True when rows of the sign-in were revoked. */
const hasEnded = (family: RawBuilder<unknown>) =>
  sql<boolean>`exists (select from sessions where sessions.family_id = ${family} and sessions.revoked_at is not null)`
