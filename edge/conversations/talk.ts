/**
 * The commands of participants: REST and the socket send the same ones. Each looks at the record
 * that the conversation is about first, so that nobody writes after its end even when no
 * housekeeping has run since.
 */
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { Entry, MessageKind, Reason } from '../../protocol/conversations/parts.ts'
import type { ConversationVerb } from '../../protocol/conversations/commands.ts'
import type { ConversationState } from '../../protocol/conversations/view.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { derivedId } from '../kernel/derived-id.ts'
import { invalid } from '../kernel/validate.ts'
import { abouts, closesAtMs, isAboutKind } from './about.ts'
import { inTurnWithEngine } from './evidence.ts'
import type { WithVault } from '../keys/vault.ts'
import { findEntryRow, entriesOf, findOwn, type ConversationRow } from './reads.ts'
import { sealedFor } from './sealed.ts'
import type { Speaker } from './sides.ts'

export type TalkContext = Pick<Kernel, 'commands' | 'database' | 'nowMs' | 'random'> & WithVault

/** Sends a command to a conversation and returns its state. Throws the actor's refusal. */
export async function tell(
  ctx: Pick<Kernel, 'commands'>,
  by: Principal,
  conversationId: string,
  verb: ConversationVerb,
  commandId: string,
  data: object,
): Promise<ConversationState> {
  const { conversation } = await ctx.commands.send({
    id: commandId,
    actor: 'conversation',
    actor_id: conversationId,
    verb,
    by,
    data,
  })
  return conversation as ConversationState
}

/** The edge as the actor of commands that follow from other records. */
const edge: Principal = { role: 'system', id: 'edge' }

/** Ends a conversation whose subject has ended. Harmless when it was ended before. */
export async function endWithSubject(ctx: TalkContext, row: ConversationRow): Promise<void> {
  if (row.status === 'closed' || row.closes_at !== null || row.about_kind === null) return
  if (!isAboutKind(row.about_kind)) return
  const subject = await abouts[row.about_kind].find(ctx.database.kysely, row.about_id!)
  const closes_at_ms = subject === null ? ctx.nowMs() : closesAtMs(row, subject, ctx.nowMs())
  if (closes_at_ms === null) return
  await tell(ctx, edge, row.id, 'end', `end:${row.id}`, { closes_at_ms: Math.floor(closes_at_ms) })
}

/** Closes a conversation of its own accord, after a long silence. */
export const closeQuiet = (ctx: TalkContext, id: string): Promise<ConversationState> =>
  tell(ctx, edge, id, 'close', `quiet:${id}`, {
    entry_id: derivedId(`quiet ${id}`),
    reason: 'quiet' satisfies Reason,
  })

export interface NewMessage {
  kind?: MessageKind
  text?: string
  upload_id?: string
}

/**
 * Stores a message and returns its id and number. `clientId`: the same again is the same message.
 * Throws `conversation_not_found`, `conversation_closed`, `conversation_frozen`,
 * `too_many_requests`, `idempotency_key_reused`, and `invalid_request` with the field.
 */
export async function send(
  ctx: TalkContext,
  speaker: Speaker,
  conversationId: string,
  message: NewMessage,
  clientId: string,
): Promise<{ message_id: string; number: number }> {
  const db = ctx.database.kysely
  const entry_id = derivedId(`message ${conversationId} ${speaker.accountId} ${clientId}`)
  const [row, known] = await Promise.all([
    findOwn(db, speaker, conversationId),
    findEntryRow(db, conversationId, entry_id),
  ])
  const words = wordsOf(message)
  if (known !== null) return sameAgain((await entriesOf(ctx.vault, [known]))[0]!, words)
  if (words.upload_id !== null) await checkUpload(ctx, speaker, row, words.kind, words.upload_id)
  await endWithSubject(ctx, row)
  const { text } = words
  const sealed =
    text === null
      ? undefined
      : await sealedFor({ kysely: db, vault: ctx.vault }, row, entry_id, text)
  const { number } = await tell(ctx, speaker.principal, conversationId, 'send', entry_id, {
    entry_id,
    ...words,
    ...(sealed !== undefined && { sealed }),
  })
  if (number !== null) return { message_id: entry_id, number }
  const stored = await findEntryRow(db, conversationId, entry_id)
  if (stored === null) throw new CaduceusError('unavailable', 'the message cannot be found now')
  return { message_id: entry_id, number: stored.number }
}

interface Words {
  kind: MessageKind
  text: string | null
  upload_id: string | null
}

/** Characters that turn the direction of the text after them: they can hide what is written. */
const turning = /[\u202a-\u202e\u2066-\u2069]/

function wordsOf({ kind = 'text', text, upload_id }: NewMessage): Words {
  if (kind === 'text') {
    if (text === undefined) throw invalid([{ field: 'text', rule: 'is required for a text' }])
    if (upload_id !== undefined)
      throw invalid([{ field: 'upload_id', rule: 'is for a document or audio' }])
  } else if (upload_id === undefined)
    throw invalid([{ field: 'upload_id', rule: 'is required for a document or audio' }])
  if (text === undefined) return { kind, text: null, upload_id: upload_id ?? null }
  if (turning.test(text))
    throw invalid([
      { field: 'text', rule: 'must not have characters that turn the direction of text' },
    ])
  return { kind, text, upload_id: upload_id ?? null }
}

/** The answer to a message that is stored already. A text that was taken back cannot be compared. */
function sameAgain(known: Entry, words: Words): { message_id: string; number: number } {
  const differs =
    known.kind !== words.kind || known.text !== words.text || known.upload_id !== words.upload_id
  if (differs && !known.taken_back)
    throw new CaduceusError(
      'idempotency_key_reused',
      'this id was sent before with another message; use a new one',
    )
  return { message_id: known.id, number: known.number }
}

/**
 * The uploads that a message may name. A driver gets no prescription, because a driver never sees
 * the medical part.
 */
async function checkUpload(
  { database }: TalkContext,
  { accountId }: Speaker,
  { topic }: ConversationRow,
  kind: MessageKind,
  id: string,
): Promise<void> {
  const upload = await database.kysely
    .selectFrom('uploads')
    .select(['owner_id', 'kind', 'stored_at'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (upload === undefined || upload.owner_id !== accountId || upload.stored_at === null)
    throw invalid([{ field: 'upload_id', rule: 'must be an upload of yours that has arrived' }])
  const wanted = kind === 'audio' ? 'audio' : topic === 'delivery' ? 'proof' : 'prescription'
  if (upload.kind !== wanted)
    throw invalid([
      { field: 'upload_id', rule: `must be an upload of the kind ${wanted} for this message` },
    ])
}

/** Moves the read mark of the caller forward; a lower number changes nothing. */
export async function read(
  ctx: TalkContext,
  speaker: Speaker,
  conversationId: string,
  through: number,
): Promise<number> {
  const row = await findOwn(ctx.database.kysely, speaker, conversationId)
  if (through <= row[`${speaker.side}_read`]) return row[`${speaker.side}_read`]
  if (through > row.last_number)
    throw invalid([
      {
        field: 'number',
        rule: `must be at most ${row.last_number}, the last one of this conversation`,
      },
    ])
  const state = await tell(
    ctx,
    speaker.principal,
    conversationId,
    'read',
    `read:${speaker.side}:${through}`,
    { through },
  )
  return state.read[speaker.side] ?? through
}

/**
 * Takes a message back: one's own, or any as support. Throws `message_not_found`,
 * `conversation_frozen`, `overloaded`, and `conversation_not_possible` for a message of others and for
 * one that was reported: support must find it when it reads the report.
 */
export async function takeBack(
  ctx: TalkContext,
  speaker: Speaker,
  row: ConversationRow,
  messageId: string,
  reason: Reason,
): Promise<void> {
  const entry = await findEntryRow(ctx.database.kysely, row.id, messageId)
  const { kind, side } = entry ?? {}
  if (entry == null || side == null || (kind !== 'text' && kind !== 'document' && kind !== 'audio'))
    throw new CaduceusError('message_not_found', 'there is no such message')
  if (side !== speaker.side && speaker.side !== 'support')
    throw new CaduceusError(
      'conversation_not_possible',
      'a message is taken back by who wrote it, or by support',
    )
  if (entry.taken_back_at !== null) return
  const entry_id = derivedId(`take back ${messageId}`)
  await inTurnWithEngine(ctx.database, row.id, async tx => {
    if (speaker.side !== 'support' && (await isReported(tx, row.id, messageId)))
      throw new CaduceusError(
        'conversation_not_possible',
        'support looks at this message; it can be taken back when support has decided',
      )
    await tell(ctx, speaker.principal, row.id, 'take_back', entry_id, {
      entry_id,
      reason,
      of: { id: entry.id, number: entry.number, side, kind },
    })
  })
}

/** Is there a report about the message, or about its whole conversation, without a decision? */
async function isReported(
  db: Kysely<Tables>,
  conversationId: string,
  messageId: string,
): Promise<boolean> {
  const report = await db
    .selectFrom('conversation_reports')
    .select('id')
    .where('conversation_id', '=', conversationId)
    .where('decided_at', 'is', null)
    .where(eb => eb.or([eb('entry_id', 'is', null), eb('entry_id', '=', messageId)]))
    .executeTakeFirst()
  return report !== undefined
}
