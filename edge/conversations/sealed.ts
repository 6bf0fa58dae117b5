/**
 * The texts of conversations at rest. The edge that takes a message seals it, and the edge that shows
 * it opens it; engines and the journal have no key. Each conversation has a key of its own, which the
 * key of its customer wraps (`edge/keys/vault.ts`): whatever was said in it, by whom ever, is about
 * the customer. A report is sealed with the key of who reports.
 *
 * A text whose key was destroyed reads as a message without words.
 */
import { createHmac, hkdfSync } from 'node:crypto'
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { Sealed } from '../../protocol/conversations/commands.ts'
import { keyBytes, openText, sealText } from '../keys/envelope.ts'
import type { Vault } from '../keys/vault.ts'

/** The database, and the keys of what is sealed in it. */
export interface Reading {
  kysely: Kysely<Tables>
  vault: Vault
}

/** 64 bits: two words with the same mark are not met in the texts of one conversation. */
const markBytes = 8

const derived = (key: Uint8Array, use: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, '', `caduceus c1 conversation ${use}`, keyBytes))
const placeOf = (messageId: string): string => `conversation_texts/sealed/${messageId}`
const reportPlaceOf = (reportId: string): string => `conversation_reports/sealed/${reportId}`

/** What a row says of the people of a conversation. */
interface Parties {
  customer_id: string | null
  vendor_id: string | null
  driver_id: string | null
}

/** The person whose key wraps that of the conversation. Without a customer it is who asks support. */
const personOf = (row: Parties): string => {
  const person = row.customer_id ?? row.vendor_id ?? row.driver_id
  if (person === null) throw new Error('a conversation has a participant')
  return person
}

/**
 * The words of a text as the search compares them. PostgreSQL finds them, so that a sealed text is
 * found by the same words as a plain one. At most as many as the text has characters.
 */
export async function wordsIn(db: Kysely<Tables>, text: string): Promise<readonly string[]> {
  const { rows } = await sql<{ words: string[] }>`
    select tsvector_to_array(to_tsvector('simple', ${text})) as words`.execute(db)
  return rows[0]!.words
}

/** The marks of words under the key of a conversation, sorted: they do not tell the order of words. */
export function marksOf(key: Uint8Array, words: readonly string[]): string[] {
  const marking = derived(key, 'marks')
  return words
    .map(word =>
      createHmac('sha256', marking)
        .update(word)
        .digest()
        .subarray(0, markBytes)
        .toString('base64url'),
    )
    .toSorted()
}

/** A text as it is stored. `key`: of the conversation. `words`: as `wordsIn` gives them. */
const sealMessage = (
  key: Uint8Array,
  conversationId: string,
  messageId: string,
  text: string,
  words: readonly string[],
): Sealed => ({
  text: sealText(derived(key, 'text'), conversationId, placeOf(messageId), Buffer.from(text)),
  marks: marksOf(key, words).join(' '),
})

/** The text and marks for a new message; undefined where this edge has no key to encrypt with. */
export async function sealedFor(
  { kysely, vault }: Reading,
  row: Parties & { id: string },
  messageId: string,
  text: string,
): Promise<Sealed | undefined> {
  if (!vault.encrypts) return undefined
  const [key, words] = await Promise.all([
    vault.newFileKey(row.id, personOf(row)),
    wordsIn(kysely, text),
  ])
  return sealMessage(key, row.id, messageId, text, words)
}

interface SealedRow {
  id: string
  conversation_id: string
  text: string | null
  sealed: string | null
}

/** The texts of these messages, in their order; null for one without words. Throws `unavailable`. */
export async function textsOf(
  vault: Vault,
  rows: readonly SealedRow[],
): Promise<(string | null)[]> {
  const ids = [...new Set(rows.flatMap(row => (row.sealed == null ? [] : [row.conversation_id])))]
  if (ids.length === 0) return rows.map(({ text }) => text)
  const keys = new Map(
    [...(await vault.fileKeys(ids))].map(([id, key]) => [id, derived(key, 'text')]),
  )
  return rows.map(({ id, conversation_id, text, sealed }) => {
    const key = keys.get(conversation_id)
    if (sealed == null || key === undefined) return text
    return openText(key, conversation_id, placeOf(id), sealed)?.toString() ?? null
  })
}

/** The text of a report as columns. */
export async function reportColumns(
  vault: Vault,
  reportId: string,
  reporterId: string,
  text: string | null,
): Promise<{ text: string | null; sealed: string | null }> {
  const key = vault.encrypts && text !== null ? await vault.personKey(reporterId) : null
  if (text === null || key === null) return { text, sealed: null }
  const sealed = sealText(key, reporterId, reportPlaceOf(reportId), Buffer.from(text))
  return { text: null, sealed }
}

interface ReportRow {
  id: string
  reporter_id: string
  text: string | null
  sealed: string | null
}

/** The texts of these reports, in their order. Throws `unavailable`. */
export async function reportTextsOf(
  vault: Vault,
  rows: readonly ReportRow[],
): Promise<(string | null)[]> {
  const people = rows.flatMap(row => (row.sealed === null ? [] : [row.reporter_id]))
  const keys = await vault.personKeys([...new Set(people)])
  return rows.map(({ id, reporter_id, text, sealed }) => {
    const key = keys.get(reporter_id)
    if (sealed === null || key === undefined) return text
    return openText(key, reporter_id, reportPlaceOf(id), sealed)?.toString() ?? null
  })
}
