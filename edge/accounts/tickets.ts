/**
 * Tickets for WebSockets: a browser cannot set a header on a socket, and an access token in a URL ends
 * up in logs. A ticket is random, works once, and only for a minute; stored as a hash.
 */
import { randomBytes } from 'node:crypto'
import type { EdgeContext } from '../context.ts'
import { hashToken } from './tokens.ts'

export const ticketLifeMs = 60_000
type TicketContext = Pick<EdgeContext, 'database' | 'nowMs'>

/** `sessionId`: the sign-in that asks; what the ticket opens ends with it. */
export async function issueTicket(ctx: TicketContext, userId: string, sessionId?: string): Promise<{ ticket: string; expiresAtMs: number }> {
  const ticket = randomBytes(24).toString('base64url')
  const expiresAtMs = ctx.nowMs() + ticketLifeMs
  await ctx.database.kysely.insertInto('ws_tickets').values({ hash: hashToken(ticket), user_id: userId, family_id: sessionId ?? null, expires_at: new Date(expiresAtMs) }).execute()
  return { ticket, expiresAtMs }
}

/** Whose a ticket is that is good, which it then no longer is; null otherwise. */
export async function redeemTicketRow(ctx: TicketContext, ticket: string): Promise<{ userId: string; sessionId: string | null } | null> {
  const now = new Date(ctx.nowMs())
  const row = await ctx.database.kysely.updateTable('ws_tickets')
    .set({ used_at: now })
    .where('hash', '=', hashToken(ticket)).where('used_at', 'is', null).where('expires_at', '>', now)
    .returning(['user_id', 'family_id']).executeTakeFirst()
  return row === undefined ? null : { userId: row.user_id, sessionId: row.family_id }
}
