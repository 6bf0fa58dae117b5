/**
 * Texts of conversations at rest: noise for who has the database, words for who takes part, found by
 * the same words as before, and gone with their key.
 */
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import fc from '../../protocol/testing/properties.ts'
import type { Vault } from '../keys/vault.ts'
import { deleteOld } from './housekeeping.ts'
import { numbers, talks } from './fixture-talks.ts'
import { searchOwn } from './lists.ts'
import { sealStored } from './seal-stored.ts'

const server = await talks(t)
const { parts, call, newTalk, say, fill } = server
const { pool, kysely } = parts.database
const run = { signal: new AbortController().signal }
const seal = (vault: Vault = parts.vault) => sealStored({ ...parts, vault }, run)

/** The tables of the database in which one of these words is found, as text or as bytes. */
async function tablesWith(...words: string[]): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public'`,
  )
  // A column of bytes is shown in hexadecimal digits.
  const forms = words.flatMap(word => [word, Buffer.from(word).toString('hex')])
  const found: string[] = []
  for (const { name } of rows) {
    const { rowCount } = await pool.query(
      `select from "${name}" t where row_to_json(t)::text ilike any($1::text[]) limit 1`,
      [forms.map(form => `%${form}%`)],
    )
    if (rowCount !== 0) found.push(name)
  }
  return found.toSorted()
}
const messagesOf = async (id: string): Promise<{ number: number; text: string | null }[]> =>
  (await call('customer', 'GET', `/api/conversations/${id}/messages`)).body.messages
const search = async (text: string) =>
  (await call('vendor', 'GET', `/api/conversations/search?text=${encodeURIComponent(text)}`)).body
    .messages as { message: { text: string } }[]

t.test('no table has a word, and those who take part have them all', async t => {
  const { id } = await newTalk()
  const words = ['quokka41', 'wombat42', 'numbat43']
  t.equal((await say('customer', id, 'a Quokka41, ready?', 'same')).body.text, 'a Quokka41, ready?')
  t.equal((await say('customer', id, 'a Quokka41, ready?', 'same')).status, 201, 'a repeat')
  t.equal((await say('customer', id, 'another', 'same')).body.code, 'idempotency_key_reused')
  await say('vendor', id, 'the wombat42 is')
  const reported = await call('customer', 'POST', `/api/conversations/${id}/report`, {
    reason: 'abuse',
    text: 'numbat43',
  })
  t.equal(reported.status, 201)
  t.same(await tablesWith(...words), [])
  t.same(
    (await messagesOf(id)).map(({ text }) => text),
    ['a Quokka41, ready?', 'the wombat42 is'],
  )
  const { body } = await call('vendor', 'GET', '/api/conversations')
  t.equal(body.conversations[0].last.text, 'the wombat42 is')
  t.match(await search('ready quokka41'), [{ message: { text: 'a Quokka41, ready?' } }])
  t.same(await search('quokka41 wombat42'), [], 'all words in one message')
  const reports = await call('admin', 'GET', `/api/conversations/${id}/reports`)
  t.match(reports.body.reports, [{ text: 'numbat43' }])
})

t.test('what is stored plainly is sealed, also when a run ends half way', async t => {
  const { id } = await newTalk()
  const texts = ['bilby51 one', 'bilby51 two', 'bilby51 three', 'bilby51 four']
  await fill(id, texts)
  const { body } = await call('customer', 'POST', `/api/conversations/${id}/report`, {
    reason: 'other',
  })
  await pool.query(`update conversation_reports set text = 'bilby51' where id = $1`, [
    body.report_id,
  ])
  t.same(await tablesWith('bilby51'), ['conversation_reports', 'conversation_texts'])
  let keys = 0
  const dies = Object.create(parts.vault, {
    newFileKey: {
      value: (...of: [string, string]) => {
        if (++keys > 2) throw new Error('the process dies here')
        return parts.vault.newFileKey(...of)
      },
    },
    encrypts: { value: true },
  }) as Vault
  await t.rejects(seal(dies), { message: 'the process dies here' })
  const { rows } = await pool.query(
    'select count(sealed)::int as sealed, count(text)::int as plain from conversation_texts where conversation_id = $1',
    [id],
  )
  t.same(rows, [{ sealed: 2, plain: 2 }])
  const stored = async () => (await messagesOf(id)).map(({ text }) => text)
  t.same(await stored(), texts, 'both forms are read')
  t.equal((await search('bilby51')).length, 4, 'and found')
  t.same(await seal(), { sealed: 2, reports: 1 })
  t.same(await seal(), { sealed: 0, reports: 0 })
  t.same(await tablesWith('bilby51'), [])
  t.same(await stored(), texts)
  t.equal((await search('bilby51')).length, 4)
})

t.test('a message that is taken back while it is sealed stays taken back', async t => {
  const { id } = await newTalk()
  await fill(id, ['potoroo61'])
  const late = Object.create(parts.vault, {
    newFileKey: {
      value: async (...of: [string, string]) => {
        const key = await parts.vault.newFileKey(...of)
        await pool.query(
          'update conversation_texts set text = null, taken_back_at = now() where conversation_id = $1',
          [id],
        )
        return key
      },
    },
    encrypts: { value: true },
  }) as Vault
  t.match(await seal(late), { sealed: 0 })
  t.match(await messagesOf(id), [{ number: 1, text: null, taken_back: true }])
  t.same(await tablesWith('potoroo61'), [])
})

t.test('taking back removes the envelope and the marks', async t => {
  const { id } = await newTalk()
  const { body } = await say('customer', id, 'kowari71')
  const path = `/api/conversations/${id}/messages/${body.id}`
  t.equal((await call('customer', 'DELETE', path)).status, 204)
  for (;;) {
    const { rows } = await pool.query(
      'select text, sealed, marks from conversation_texts where id = $1 and taken_back_at is not null',
      [body.id],
    )
    if (rows.length === 1) {
      t.same(rows, [{ text: null, sealed: null, marks: null }])
      break
    }
    await delay(20)
  }
  t.same(await search('kowari71'), [])
})

t.test('without its key a conversation has its numbers and no words', async t => {
  const { id } = await newTalk()
  await say('customer', id, 'dunnart81')
  await say('vendor', id, 'dunnart81 too')
  await pool.query('delete from file_keys where upload_id = $1', [id])
  t.same(
    (await messagesOf(id)).map(({ number, text }) => [number, text]),
    [
      [1, null],
      [2, null],
    ],
  )
  t.same(await search('dunnart81'), [])
  t.equal((await call('vendor', 'GET', '/api/conversations')).status, 200)
  await say('customer', id, 'dunnart81 again')
  const after = await messagesOf(id)
  t.same(numbers(after), [1, 2, 3])
  t.same(
    after.map(({ text }) => text),
    [null, null, 'dunnart81 again'],
    'the next message has a new key, which does not open the others',
  )
})

t.test('the key goes with an old conversation', async t => {
  const { id } = await newTalk()
  await say('customer', id, 'old words')
  await call('admin', 'POST', `/api/conversations/${id}/close`)
  const keys = async () =>
    (await pool.query('select from file_keys where upload_id = $1', [id])).rowCount
  t.equal(await keys(), 1)
  await deleteOld(
    { ...parts, nowMs: () => Date.now() + 400 * 24 * 3_600_000 },
    { fence: async () => {} },
  )
  t.equal(await keys(), 0)
})

t.test('a sealed text is found by what found it before', async t => {
  const piece = fc.oneof(
    fc.constantFrom(
      'dose',
      'Dose',
      'DOSES',
      'élan',
      'ÉLAN',
      'straße',
      'STRASSE',
      'دواء',
      '薬',
      '1',
    ),
    fc.constantFrom('a-b', 'b-a', 'www.x.org/y', 'x@y.org', '-1.5', '1.5', '<b>', '&amp;', '/x/y'),
    fc.constantFrom(' ', ' ', '-', '.', "'", '"', ':*', '&', '|', '!', '\n', '\u0301', '😀'),
    fc.string({ maxLength: 3, unit: 'grapheme' }).filter(text => !text.includes('\0')),
  )
  const text = fc.array(piece, { minLength: 1, maxLength: 6 }).map(pieces => pieces.join(''))
  const [one, two] = [await newTalk(), await newTalk()]
  const speaker = await pool.query<{ customer_id: string }>(
    'select customer_id from conversations where id = $1',
    [one.id],
  )
  const who = { side: 'customer', id: speaker.rows[0]!.customer_id } as Parameters<
    typeof searchOwn
  >[1]
  const found = async (query: string, cursor?: string) => {
    const answer = await searchOwn({ kysely, vault: parts.vault }, who, {
      text: query,
      limit: 3,
      ...(cursor !== undefined && { cursor }),
    })
    return {
      ids: answer.messages.map(({ message }) => [message.id, message.text]),
      next: answer.next_cursor,
    }
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { minLength: 2, maxLength: 8 }),
      fc.array(text, { minLength: 1, maxLength: 3 }),
      async (texts, others) => {
        for (const { id } of [one, two])
          for (const table of ['conversation_texts', 'conversation_entries'])
            await pool.query(`delete from ${table} where conversation_id = $1`, [id])
        await fill(one.id, texts.slice(0, 5))
        await fill(two.id, texts.slice(5))
        const queries = [...others, ...texts].filter(query => /[\p{L}\p{N}]/u.test(query))
        const pages = async () => {
          const all: unknown[] = []
          for (const query of queries) {
            const first = await found(query)
            all.push(first, first.next === null ? null : await found(query, first.next))
          }
          return all
        }
        const plain = await pages()
        await seal()
        t.strictSame(await pages(), plain)
      },
    ),
    { numRuns: 20 },
  )
})
