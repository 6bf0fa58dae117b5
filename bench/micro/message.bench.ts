/**
 * A message of a conversation on its way to its readers: command, decision, durable append, fact,
 * push. It is measured beside the bare publish of the same bytes, which every way to a reader
 * needs, and beside the append alone, which every durable way needs.
 *
 * The bus is in memory. On PostgreSQL with fsync.
 */
import { memoryBus } from '../../protocol/bus/memory.ts'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { ownerSubject, subjects } from '../../protocol/bus/subjects.ts'
import { memoryClaims } from '../../protocol/claims/memory.ts'
import { conversationLimits } from '../../protocol/conversations/limits.ts'
import type { PushList } from '../../protocol/dispatch/pushes.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { slots } from '../../protocol/kernel/slots.ts'
import { openDatabase } from '../../migrations/database/open.ts'
import { Engine } from '../../engine/engine.ts'
import { conversationKind } from '../../engine/conversations/kind.ts'
import type { ConversationCommand } from '../../engine/conversations/commands.ts'
import { absentConversation, type Conversation } from '../../engine/conversations/state.ts'
import { kinds } from '../../engine/kinds.ts'
import { postgresJournal } from '../../engine/journal/postgres.ts'
import { freshDatabase } from '../rigs/database.ts'
import type { MicroServices, MicroSuite } from './suite.ts'

const messagesPerRun = 256
/** Messages of a conversation before a new one replaces it; its rate allows them at once. */
const lifeMessages = conversationLimits.burstMessagesMax - 4
const text = 'It is ready from four o’clock; please bring the prescription.'

/** Resolves in the first turn of the event loop in which it is so. */
const untilTurn = (isSo: () => boolean): Promise<void> =>
  new Promise(resolve => {
    const look = (): void => {
      if (isSo()) resolve()
      else setImmediate(look)
    }
    look()
  })

async function cases(services: MicroServices) {
  const env = realEnv()
  const random = seededRandom(17)
  const newId = () => uuidV7(env.nowMs(), random)
  const open = async () =>
    openDatabase({ url: await freshDatabase(services.url('postgres')), keepsPlans: true })

  // The whole way.
  const bus = memoryBus()
  const engine = new Engine({
    engineId: 'bench',
    env,
    bus,
    journal: postgresJournal((await open()).pool, kinds, env),
    claims: memoryClaims(() => env.nowMs(), env.after),
    exclusive: true,
    log: (_level, message, detail) => {
      throw new Error(message, { cause: detail })
    },
  })
  await engine.start()
  let heard = 0
  let bytes: Uint8Array = new Uint8Array()
  bus.subscribe(subjects.pushAll, ({ body }) => {
    bytes = body
    heard += (decodeBody(body) as PushList).length
  })
  const say = async (id: string, verb: string, data: object, by: object, commandId = newId()) => {
    const envelope = { id: commandId, actor: 'conversation', actor_id: id, verb, by, data }
    const reply = decodeBody(await bus.request(ownerSubject(id), encodeBody(envelope), 10_000)) as {
      ok: boolean
    }
    if (!reply.ok) throw new Error(`${verb}: ${JSON.stringify(reply)}`)
  }
  const openingOf = (customerId: string) => ({
    topic: 'pharmacy' as const,
    about: { kind: 'order', id: newId() },
    customer_id: customerId,
    vendor_id: newId(),
    driver_id: null,
  })
  let talks: { id: string; by: object }[] = []
  let said = lifeMessages
  const whole = async (): Promise<void> => {
    if (said >= lifeMessages) {
      said = 0
      talks = Array.from({ length: messagesPerRun }, () => ({
        id: newId(),
        by: { role: 'customer', id: newId() },
      }))
      await Promise.all(
        talks.map(({ id, by }) => say(id, 'open', openingOf((by as { id: string }).id), by)),
      )
    }
    said++
    const before = heard
    await Promise.all(
      talks.map(({ id, by }) =>
        say(id, 'send', { entry_id: newId(), kind: 'text', text, upload_id: null }, by),
      ),
    )
    // The push of the last message leaves a moment after its answer.
    const all = before + messagesPerRun
    await untilTurn(() => heard >= all)
  }
  await whole()

  // The same bytes, published and decoded. The last push has the messages of one turn.
  const bare = memoryBus()
  let decoded = 0
  bare.subscribe(subjects.pushAll, ({ body }) => {
    decoded += (decodeBody(body) as PushList).length
  })
  const oneMessage = encodeBody((decodeBody(bytes) as PushList).slice(0, 1))
  const publish = async (): Promise<void> => {
    const before = decoded
    for (let i = 0; i < messagesPerRun; i++) bare.publish(subjects.pushAll, oneMessage)
    const all = before + messagesPerRun
    await untilTurn(() => decoded >= all)
  }

  // The appends alone, of the same events and rows.
  const journal = postgresJournal((await open()).pool, kinds, env)
  const epochs = new Map(
    (await journal.acquireSlots('bench', slots.all, 3_600_000, true)).map(lease => [
      lease.slot,
      lease.epoch,
    ]),
  )
  const append = async (one: Writer, command: ConversationCommand): Promise<void> => {
    const atMs = env.nowMs()
    const decision = conversationKind.decide(one.state, command, atMs)
    if (!decision.ok) throw new Error(decision.code)
    for (const event of decision.events) one.state = conversationKind.evolve(one.state, event, atMs)
    const slot = slots.of(one.id)
    const { outcome } = await journal.append({
      slot,
      epoch: epochs.get(slot)!,
      kind: conversationKind.name,
      actorId: one.id,
      fromVersion: one.version++,
      atMs,
      commandId: newId(),
      by: command.by,
      events: decision.events,
      row: conversationKind.row(one.state, one.version, atMs, one.version === 1, command),
    })
    if (outcome !== 'committed') throw new Error(outcome)
  }
  interface Writer {
    id: string
    customer: string
    state: Conversation
    version: number
  }
  let writers: Writer[] = []
  let written = lifeMessages
  const appends = async (): Promise<void> => {
    const by = (one: Writer) => ({ role: 'customer' as const, id: one.customer })
    if (written >= lifeMessages) {
      written = 0
      writers = Array.from({ length: messagesPerRun }, () => ({
        id: newId(),
        customer: newId(),
        state: absentConversation,
        version: 0,
      }))
      await Promise.all(
        writers.map(one =>
          append(one, {
            verb: 'open',
            by: by(one),
            conversationId: one.id,
            data: openingOf(one.customer),
          }),
        ),
      )
    }
    written++
    await Promise.all(
      writers.map(one =>
        append(one, {
          verb: 'send',
          by: by(one),
          conversationId: one.id,
          data: { entry_id: newId(), kind: 'text', text, upload_id: null },
        }),
      ),
    )
  }

  return {
    [baseline]: { operationsPerRun: messagesPerRun, run: appends },
    'the bare publish of the same bytes': { operationsPerRun: messagesPerRun, run: publish },
    'a message, from its command to its readers': { operationsPerRun: messagesPerRun, run: whole },
  }
}

const baseline = 'the append that a message needs'

/** An operation is a message. */
export const suite: MicroSuite = {
  name: 'message',
  title: 'a message of a conversation to its readers',
  baseline,
  needs: ['postgres'],
  cases,
}
