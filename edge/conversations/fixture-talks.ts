/** A real server with the people of the access test, and short ways to write conversations. */
import { rmSync } from 'node:fs'
import pino from 'pino'
import type { Test } from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { startEmbedded } from '../embedded.ts'
import { createWorld, type Who } from '../acceptance/access-world.ts'

/** Starts the server and registers the people; the server ends with the test. */
export async function talks(t: Test) {
  const dataDir = await preparedDataDir()
  const embedded = await startEmbedded(
    {
      DATA_DIR: dataDir,
      PORT: '0',
      RATE_LIMIT_AUTH_PER_ADDRESS: '10000',
      REGISTRATION: 'open',
      WEBHOOK_ALLOW_PRIVATE: '1',
    },
    { log: pino({ level: 'silent' }) },
  )
  t.teardown(async () => {
    await embedded.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const { parts } = embedded.edge
  const world = await createWorld(embedded)
  const { url, call } = world
  let ids = 0
  const open = async (who: Who, body: object) => {
    const answer = await call(who, 'POST', '/api/conversations', body)
    return { status: answer.status, code: answer.body.code, id: answer.body.id as string }
  }
  return {
    parts,
    world,
    url,
    call,
    open,
    /** A conversation of the customer and the pharmacy about a new order. */
    async newTalk() {
      const order = await world.pendingOrder()
      const { id } = await open('customer', { topic: 'pharmacy', order_id: order })
      return { id, order }
    },
    say: (who: Who, id: string, text: string, client_id = `c${++ids}`) =>
      call(who, 'POST', `/api/conversations/${id}/messages`, { text, client_id }),
    /** Stores messages of the customer, so many that the rates would not take them. */
    async fill(id: string, texts: readonly string[]) {
      await parts.database.pool.query(
        `with many as (select gen_random_uuid() as id, t.number, t.text
           from unnest($2::text[]) with ordinality as t (text, number)),
         entries as (insert into conversation_entries (id, conversation_id, number, kind, side, at)
           select id, $1, number, 'text', 'customer', now() from many),
         words as (insert into conversation_texts (id, conversation_id, number, side, text, version)
           select id, $1, number, 'customer', text, 1 from many)
         update conversations set last_number = ${texts.length} where id = $1`,
        [id, texts],
      )
    },
    /** Stores a last number that is far from what a client has. */
    async leap(id: string) {
      await parts.database.pool.query(
        `update conversations set last_number = 400 where id = '${id}'`,
      )
    },
  }
}

/** The numbers of entries. */
export const numbers = (messages: readonly { number: number }[]): number[] =>
  messages.map(({ number }) => number)
