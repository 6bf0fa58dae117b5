/**
 * Who may open a conversation, about what and with whom. Its id follows from its subject and its
 * sides, so two people who open the same one at once open one.
 */
import { sql, type SqlBool } from 'kysely'
import type { About, Topic } from '../../protocol/conversations/parts.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { derivedId } from '../kernel/derived-id.ts'
import { invalid } from '../kernel/validate.ts'
import { abouts, closesAtMs, type AboutKind, type Subject } from './about.ts'
import { findAny, ownRows } from './reads.ts'
import type { Speaker } from './sides.ts'
import { endWithSubject, tell, type TalkContext } from './talk.ts'

export interface NewConversation {
  topic: Topic
  order_id?: string
  appointment_id?: string
  vendor_id?: string
}

/** The participants besides support, and the subject. */
interface Pair {
  customer_id: string | null
  vendor_id: string | null
  driver_id: string | null
}
const nobody: Pair = { customer_id: null, vendor_id: null, driver_id: null }

/**
 * Opens the conversation, or finds it open. Throws the code for a record that is not the caller's,
 * `conversation_not_possible`, and `invalid_request` with the field.
 */
export async function openConversation(
  ctx: TalkContext,
  speaker: Speaker,
  wanted: NewConversation,
): Promise<{ id: string; isNew: boolean }> {
  const found = await subjectOf(ctx, speaker, wanted)
  const pair = pairOf(ctx, speaker, wanted, found)
  const about: About | null = found === null ? null : { kind: found.kind, id: found.id }
  const { customer_id, vendor_id, driver_id } = pair
  const name = [wanted.topic, about?.kind, about?.id, customer_id, vendor_id, driver_id]
  const ended = wanted.topic === 'support' ? await endedOnes(ctx, speaker, about) : 0
  const id = derivedId(`conversation ${name.join(' ')} ${ended}`)
  const known = await ctx.database.kysely
    .selectFrom('conversations')
    .select('id')
    .where('id', '=', id)
    .executeTakeFirst()
  if (known !== undefined) return { id, isNew: false }
  await tell(ctx, speaker.principal, id, 'open', `open:${speaker.side}`, {
    topic: wanted.topic,
    about,
    ...pair,
  })
  await endWithSubject(ctx, await findAny(ctx.database.kysely, id))
  return { id, isNew: true }
}

interface Found {
  kind: AboutKind
  id: string
  subject: Subject
}

/** The record that the request names. Throws its code for a record of others. */
async function subjectOf(
  { database }: TalkContext,
  speaker: Speaker,
  { topic, order_id, appointment_id }: NewConversation,
): Promise<Found | null> {
  if (order_id !== undefined && appointment_id !== undefined)
    throw invalid([{ field: 'appointment_id', rule: 'cannot stand beside order_id' }])
  const id = order_id ?? appointment_id
  if (id === undefined) {
    if (topic === 'support') return null
    throw invalid([{ field: 'order_id', rule: 'or appointment_id is required for this topic' }])
  }
  const kind: AboutKind = order_id === undefined ? 'appointment' : 'order'
  const { find, missing } = abouts[kind]
  const subject = await find(database.kysely, id)
  if (subject === null || !isParty(speaker, subject))
    throw new CaduceusError(missing, `there is no such ${kind} of yours`)
  return { kind, id, subject }
}

const isParty = ({ side, id }: Speaker, subject: Subject): boolean => {
  switch (side) {
    case 'customer':
      return subject.customerId === id
    case 'vendor':
      return subject.pharmacyId === id || subject.otherPharmacyIds.includes(id)
    case 'driver':
      return subject.driverId === id
    case 'support':
      return false
  }
}

/** Throws `conversation_not_possible` when the other side has no part in the subject, or no more. */
function pairOf(
  { nowMs }: TalkContext,
  { side, id }: Speaker,
  { topic, vendor_id }: NewConversation,
  found: Found | null,
): Pair {
  if (vendor_id !== undefined && (topic !== 'pharmacy' || side !== 'customer'))
    throw invalid([{ field: 'vendor_id', rule: 'is for customers who write to a pharmacy' }])
  if (topic === 'support') return { ...nobody, [`${side}_id`]: id }
  const { subject } = found!
  const { customerId: customer_id, pharmacyId, driverId } = subject
  const pair =
    topic === 'delivery'
      ? { ...nobody, customer_id, driver_id: driverId }
      : { ...nobody, customer_id, vendor_id: vendor_id ?? pharmacyId }
  if (side === (topic === 'delivery' ? 'vendor' : 'driver'))
    throw new CaduceusError('conversation_not_possible', 'you have no part in this conversation')
  if (topic === 'delivery' && driverId === null)
    throw new CaduceusError('conversation_not_possible', 'no driver is under way with this order')
  if (topic === 'pharmacy') {
    const mayTalk = [pharmacyId, ...subject.otherPharmacyIds]
    if (pair.vendor_id === null || !mayTalk.includes(pair.vendor_id))
      throw new CaduceusError(
        'conversation_not_possible',
        'a customer writes to the pharmacy that has the order, or to one that answered the request',
      )
    // Before it has the order a pharmacy waits for the customer's first word: a thousand may be
    // asked.
    if (side === 'vendor' && pharmacyId !== id)
      throw new CaduceusError(
        'conversation_not_possible',
        'until a pharmacy has the order, the customer begins the conversation',
      )
  }
  const closes = closesAtMs({ topic, ...pair }, subject, nowMs())
  if (closes !== null && closes <= nowMs())
    throw new CaduceusError('conversation_not_possible', 'the time to talk about this is over')
  return pair
}

/** The number of the speaker's conversations with support about this that are closed. */
async function endedOnes(
  { database }: TalkContext,
  speaker: Speaker,
  about: About | null,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from conversations as c
    where ${speaker.side === 'driver' ? sql<SqlBool>`c.driver_id = ${speaker.id}` : ownRows(speaker)}
      and c.topic = 'support' and c.status = 'closed'
      and c.about_id is not distinct from ${about?.id ?? null}::uuid`.execute(database.kysely)
  return rows[0]!.count
}
