/**
 * [ASVS V3.3.1] Every edge learns of ended access at once over the bus, and by its own periodic
 * look when the bus lost the hint.
 */
import t from 'tap'
import { pino } from 'pino'
import { preparedDatabase } from '../../migrations/database/prepared.ts'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { createEndedAccess } from './ended-access.ts'

const newId = (): string => uuidV7(Date.now(), Math.random)
const database = await preparedDatabase()
const db = database.kysely
t.teardown(() => database.close())
let skewMs = 0
const nowMs = (): number => Date.now() + skewMs

/** The list of one edge; the test triggers its periodic look. */
function edge(bus = memoryBus()) {
  let look = () => {}
  const ended = createEndedAccess({
    config: { accessTokenMinutes: 15 },
    database,
    bus,
    log: pino({ level: 'silent' }),
    nowMs,
    after(_ms, run) {
      look = run
      return () => {
        look = () => {}
      }
    },
  })
  let calls = 0
  ended.onEnded(() => {
    calls++
  })
  const until = async (holds: () => boolean) => {
    while (!holds())
      await new Promise(resolve => {
        setTimeout(resolve, 5)
      })
  }
  return {
    ended,
    until,
    look: () => look(),
    get calls() {
      return calls
    },
  }
}
async function session(): Promise<{ userId: string; sessionId: string; issuedAtMs: number }> {
  const [userId, sessionId] = [newId(), newId()]
  await db
    .insertInto('users')
    .values({
      id: userId,
      email: `${userId}@example.com`,
      full_name: 'A',
      phone: '',
      role: 'user',
      password_hash: 'none',
    })
    .execute()
  await db
    .insertInto('sessions')
    .values({
      id: newId(),
      user_id: userId,
      family_id: sessionId,
      token_hash: newId(),
      user_agent: null,
      address: null,
      expires_at: new Date(nowMs() + 1e8),
      created_at: new Date(nowMs()),
    })
    .execute()
  return { userId, sessionId, issuedAtMs: nowMs() }
}
const end = (who: { sessionId: string }) =>
  db
    .updateTable('sessions')
    .set({ revoked_at: new Date(nowMs()) })
    .where('family_id', '=', who.sessionId)
    .execute()

t.test(
  'this edge knows of ended access when announce resolves, the others a moment later',
  async t => {
    const bus = memoryBus()
    const [here, there] = [edge(bus), edge(bus)]
    const [gone, stays] = [await session(), await session()]
    await end(gone)
    t.notOk(here.ended.hasEnded(gone), 'no edge has looked yet')
    await here.ended.announce()
    t.ok(here.ended.hasEnded(gone))
    await there.until(() => there.ended.hasEnded(gone))
    t.equal(there.calls, 1)
    t.notOk(here.ended.hasEnded(stays))
    t.notOk(
      here.ended.hasEnded({ userId: gone.userId, sessionId: newId(), issuedAtMs: nowMs() }),
      'another sign-in of the account goes on',
    )
    for (const { ended } of [here, there]) ended.close()
  },
)

t.test('a periodic look finds ended access whose hint was lost', async t => {
  const alone = edge()
  const gone = await session()
  await end(gone)
  alone.look()
  await alone.until(() => alone.ended.hasEnded(gone))
  t.equal(alone.calls, 1)
  alone.look()
  const late = await session()
  // An edge whose clock is behind writes an earlier time after the look.
  await db
    .updateTable('sessions')
    .set({ revoked_at: new Date(nowMs() - 30_000) })
    .where('family_id', '=', late.sessionId)
    .execute()
  await alone.ended.announce()
  t.ok(alone.ended.hasEnded(late))
  alone.ended.close()
})

t.test(
  'a deactivation ends older tokens of the account and none that follow its return',
  async t => {
    const { ended } = edge()
    const who = await session()
    const at = nowMs()
    await db
      .updateTable('users')
      .set({ deactivated_at: new Date(at) })
      .where('id', '=', who.userId)
      .execute()
    await ended.announce()
    t.ok(ended.hasEnded({ userId: who.userId, issuedAtMs: at - 1_000 }))
    t.ok(ended.hasEnded({ userId: who.userId }))
    t.notOk(ended.hasEnded({ userId: who.userId, issuedAtMs: at + 1_000 }))
    ended.close()
  },
)

t.test('the list forgets ended access when every token of it has expired', async t => {
  const { ended } = edge()
  const who = await session()
  await end(who)
  await ended.announce()
  t.ok(ended.hasEnded(who))
  skewMs = 17 * 60_000
  await ended.announce()
  t.notOk(ended.hasEnded(who))
  skewMs = 0
  ended.close()
})

t.test('many announcements share a look, and each is known when its promise resolves', async t => {
  const { ended } = edge()
  const everybody = await Promise.all(Array.from({ length: 20 }, session))
  await Promise.all(
    everybody.map(async who => {
      await end(who)
      await ended.announce()
      t.ok(ended.hasEnded(who))
    }),
  )
  ended.close()
})
