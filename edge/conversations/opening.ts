/**
 * Who may open a conversation, about what and with whom. Its id follows from its subject, its sides
 * and a generation, so two people who open the same one at once open one. The generation counts the
 * conversations of the same sides about the same subject that are over. It is never deleted: after
 * its retention a conversation is gone from the tables, and its closed actor still has its id.
 */
import type { About, Topic } from '../../protocol/conversations/parts.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { derivedId } from '../kernel/derived-id.ts'
import { invalid } from '../kernel/validate.ts'
import { abouts, closesAtMs, type AboutKind, type Subject } from './about.ts'
import type { ConversationRow } from './reads.ts'
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
  const line = derivedId(`conversations ${name.join(' ')}`)
  for (;;) {
    const generation = await generationOf(ctx, line)
    const id = derivedId(`conversation ${name.join(' ')} ${generation}`)
    let row = await find(ctx, id)
    if (row === undefined) {
      const data = { topic: wanted.topic, about, ...pair }
      const { status } = await tell(
        ctx,
        speaker.principal,
        id,
        'open',
        `open:${speaker.side}`,
        data,
      )
      row = await find(ctx, id)
      if (status !== 'closed' && row !== undefined) {
        await endWithSubject(ctx, row)
        return { id, isNew: true }
      }
    }
    if (row !== undefined && !(await isOver(ctx, row))) return { id, isNew: false }
    await follow(ctx, line, generation)
  }
}

const find = ({ database }: TalkContext, id: string): Promise<ConversationRow | undefined> =>
  database.kysely.selectFrom('conversations').selectAll().where('id', '=', id).executeTakeFirst()

async function generationOf({ database }: TalkContext, line: string): Promise<number> {
  const row = await database.kysely
    .selectFrom('conversation_generations')
    .select('generation')
    .where('id', '=', line)
    .executeTakeFirst()
  return row?.generation ?? 0
}

/** Begins the next generation. Of two callers at once both begin the same one. */
async function follow({ database }: TalkContext, line: string, generation: number): Promise<void> {
  await database.kysely
    .insertInto('conversation_generations')
    .values({ id: line, generation: generation + 1 })
    .onConflict(conflict =>
      conflict
        .column('id')
        .doUpdateSet({ generation: generation + 1 })
        .where('conversation_generations.generation', '=', generation),
    )
    .execute()
}

/**
 * May another conversation follow this one? Not when support has closed it: whoever was rude would
 * open the next one at once. A conversation with support itself may be followed.
 */
async function isOver({ database, nowMs }: TalkContext, row: ConversationRow): Promise<boolean> {
  if (row.status !== 'closed') return row.closes_at !== null && row.closes_at.getTime() <= nowMs()
  if (row.topic === 'support') return true
  const closing = await database.kysely
    .selectFrom('conversation_entries')
    .select('side')
    .where('conversation_id', '=', row.id)
    .where('kind', '=', 'closed')
    .executeTakeFirst()
  return closing?.side !== 'support'
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
  if (customer_id === found!.id)
    throw new CaduceusError(
      'conversation_not_possible',
      'the person came without an account, so nobody would read it',
    )
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
