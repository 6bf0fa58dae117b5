/**
 * A story of conversations in the simulator: customers and pharmacies write to each other from two
 * devices each, over engines that crash, a faulty bus and a faulty database. Devices are away now
 * and then, lose pushes, send a message again that was answered, and send it from both devices at
 * once. In the end every device has every number once and in the same order, every message is there
 * once with its words, read marks have not gone back, and unread counts are the truth.
 */
import t from 'tap'
import { decodeBody } from '../../protocol/bus/codec.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import type { Side } from '../../protocol/conversations/parts.ts'
import type { ConversationState } from '../../protocol/conversations/view.ts'
import { topics, type PushList } from '../../protocol/dispatch/pushes.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { AnyKind } from '../actors/kind.ts'
import { conversationKind } from '../conversations/kind.ts'
import type { Conversation } from '../conversations/state.ts'
import { kinds } from '../kinds.ts'
import { minute, simulatedEngines, startMs } from './fixture-engines.ts'

const admin: Principal = { role: 'admin', id: 'support' }
type Entry = { number: number; id: string }

/** What a side has said and heard of its messages and marks. */
interface Sent {
  id: string
  text: string
  side: Side
  /** The number of each answer; null for a refusal. */
  answers: (number | null)[]
}

/** An app of one side. It keeps the entries in the order in which it shows them. */
class Device {
  readonly shown: Entry[] = []
  isAway = false
  gaps = 0
  reloads = 0
  readonly #after: (number: number) => Entry[]

  /** `after`: the stored entries after a number, as the edge reads them. */
  constructor(after: (number: number) => Entry[]) {
    this.#after = after
  }

  get last(): number {
    return this.shown.at(-1)?.number ?? 0
  }

  /** A push: what is known is dropped, what follows is shown, and a jump is a gap to be read. */
  hear(number: number, entry: Entry | null): void {
    if (this.isAway || number <= this.last) return
    if (entry !== null && number === this.last + 1) this.shown.push(entry)
    else this.resume()
  }

  /** Gets the whole gap, or loads everything anew. */
  resume(): void {
    const gap = this.#after(this.last)
    if (gap.length > 0) this.gaps++
    if (gap.length > 12) {
      this.reloads++
      this.shown.length = 0
      this.shown.push(...this.#after(0))
    } else this.shown.push(...gap)
  }
}

type Told = Awaited<ReturnType<typeof story>>

async function story(seed: number, played: AnyKind = conversationKind as AnyKind) {
  const world = simulatedEngines(
    seed,
    kinds,
    kinds.map(kind => (kind.name === played.name ? played : kind)),
  )
  const { checker, database, bus, sleep } = world
  const die = world.chance.fork('people')
  const newId = () => uuidV7(startMs + die.whole(0, 1e9), die.random)
  const sent: Sent[] = []
  const takenBack = new Set<string>()
  const marks = new Map<string, number>()
  const devices = new Map<string, Device[]>()
  const rowsOf = (table: string) => [...database.store.table(table).rows.values()]
  const after =
    (conversationId: string) =>
    (number: number): Entry[] =>
      rowsOf('conversation_entries')
        .filter(row => row['conversation_id'] === conversationId && Number(row['number']) > number)
        .map(row => ({ number: Number(row['number']), id: String(row['id']) }))
        .toSorted((a, b) => a.number - b.number)

  const conversations = Array.from({ length: 8 }, () => ({
    id: newId(),
    customer: { role: 'customer', id: newId() } as Principal,
    vendor: { role: 'vendor', id: newId() } as Principal,
  }))
  bus.subscribe(subjects.pushAll, message => {
    for (const push of decodeBody(message.body) as PushList) {
      if (push.kind !== 'topics' || push.message.type === 'conversation_read') continue
      const told = push.message
      for (const topic of push.topics)
        for (const device of devices.get(topic) ?? []) {
          // The way to the phone loses some.
          if (die.random() < 0.1) continue
          if (told.type === 'conversation_entry')
            device.hear(told.entry.number, { number: told.entry.number, id: told.entry.id })
          else if (told.type === 'conversation_changed') device.hear(told.last_number, null)
        }
    }
  })

  const lives = conversations.map(async ({ id, customer, vendor }, i) => {
    const give = (by: Principal, verb: string, data: object, commandId: string) =>
      world.give({ kind: 'conversation', actorId: id, verb, by, data, id: commandId })
    await sleep(die.between(0, 2 * minute))
    const parties = { customer_id: customer.id, vendor_id: vendor.id, driver_id: null }
    const about = { kind: 'order', id: newId() }
    for (const by of [customer, vendor])
      await give(by, 'open', { topic: 'pharmacy', about, ...parties }, `open:${by.role}`)

    /** As the edge does it: a message that is stored is answered from the table. */
    const write = async (
      by: Principal,
      data: { entry_id: string },
      commandId: string,
    ): Promise<number | null> => {
      for (;;) {
        const stored = after(id)(0).find(entry => entry.id === data.entry_id)
        if (stored !== undefined) return stored.number
        const given = { kind: 'conversation', actorId: id, verb: 'send', by, data, id: commandId }
        const answer = await world.ask(given)
        if (answer?.ok === false && answer.problem!.code !== 'too_many_requests') return null
        const { number } = (answer?.['conversation'] ?? { number: null }) as ConversationState
        if (number !== null) return number
        await sleep(die.between(500, 3_000))
      }
    }
    const say = async (by: Principal, text: string): Promise<void> => {
      const message: Sent = { id: newId(), text, side: by.role as Side, answers: [] }
      sent.push(message)
      const data = { entry_id: message.id, kind: 'text', text, upload_id: null }
      const times = die.whole(1, 3)
      await Promise.all(
        Array.from({ length: times }, async (_, time) => {
          // Another device sends the same one at once, or an app sends again what was answered.
          await sleep(time * die.between(0, die.happens(0.5) ? 50 : 20_000))
          const commandId = time === 1 ? `${message.id}:other` : message.id
          message.answers.push(await write(by, data, commandId))
        }),
      )
      if (die.random() < 0.15 && message.answers.some(number => number !== null)) {
        const number = message.answers.find(one => one !== null)!
        const of = { id: message.id, number, side: message.side, kind: 'text' }
        const entry_id = newId()
        await give(by, 'take_back', { entry_id, reason: 'by_sender', of }, entry_id)
        takenBack.add(message.id)
      }
    }
    const live = async (by: Principal): Promise<void> => {
      const own = [new Device(after(id)), new Device(after(id))]
      const topic = by.role === 'customer' ? topics.customer(by.id) : topics.pharmacy(by.id)
      devices.set(topic, own)
      for (let round = 0; round < 12; round++) {
        await sleep(die.between(5_000, 100_000))
        const device = die.pick(own)
        const what = die.random()
        if (what < 0.2) device.isAway = true
        else if (what < 0.45) {
          device.isAway = false
          device.resume()
        } else if (what < 0.65 && device.last > 0) {
          // Two devices mark in any order.
          const through = die.whole(1, device.last)
          const answer = await give(by, 'read', { through }, `read:${by.role}:${through}`)
          if (answer.ok) {
            const key = `${id} ${by.role}`
            marks.set(key, Math.max(marks.get(key) ?? 0, through))
          }
        } else await say(by, `${by.role} ${round} of ${i}`)
      }
    }
    const moderate = async (): Promise<void> => {
      if (i % 3 !== 0) return
      await sleep(die.between(2 * minute, 10 * minute))
      const freeze = newId()
      await give(admin, 'freeze', { entry_id: freeze, reason: 'abuse' }, freeze)
      await sleep(die.between(minute, 3 * minute))
      const thaw = newId()
      await give(admin, 'thaw', { entry_id: thaw }, thaw)
      const look = newId()
      await give(admin, 'look_in', { entry_id: look, reason: 'report' }, look)
    }
    await Promise.all([live(customer), live(vendor), moderate()])
    if (i % 2 === 0) {
      const closes_at_ms = Math.floor(world.schedule.nowMs) + minute
      await give({ role: 'system', id: 'edge' }, 'end', { closes_at_ms }, 'end')
      await sleep(3 * minute)
      t.equal((await write(customer, { entry_id: newId() }, newId())) ?? 0, 0, 'it is closed')
      const { last } = devices.get(topics.customer(customer.id))![0]!
      if (last > 0) {
        await give(customer, 'read', { through: last }, 'read at last')
        const key = `${id} customer`
        marks.set(key, Math.max(marks.get(key) ?? 0, last))
      }
    }
  })
  await world.run(40, 30)
  for (const own of devices.values())
    for (const device of own) {
      device.isAway = false
      device.resume()
    }
  return { checker, conversations, devices, sent, takenBack, marks, rowsOf, lives, world }
}

/** What is wrong in the end, in words. */
function wrongIn({ conversations, devices, sent, takenBack, marks, rowsOf }: Told): string[] {
  const wrong: string[] = []
  const same = (what: string, is: unknown, should: unknown): void => {
    if (JSON.stringify(is) !== JSON.stringify(should))
      wrong.push(`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`)
  }
  const entries = rowsOf('conversation_entries')
  const texts = rowsOf('conversation_texts')
  for (const { id, customer, vendor } of conversations) {
    const own = entries
      .filter(row => row['conversation_id'] === id)
      .toSorted((a, b) => Number(a['number']) - Number(b['number']))
    const numbers = own.map(row => row['number'])
    same(
      'numbers have a gap',
      numbers,
      own.map((_, i) => i + 1),
    )
    const shown = own.map(row => `${String(row['number'])} ${String(row['id'])}`)
    for (const topic of [topics.customer(customer.id), topics.pharmacy(vendor.id)])
      for (const device of devices.get(topic)!)
        same(
          'a device shows something else',
          device.shown.map(({ number, id }) => `${number} ${id}`),
          shown,
        )
    const row = rowsOf('conversations').find(one => one['id'] === id)!
    same('the last number', row['last_number'], own.length)
    for (const side of ['customer', 'vendor'] as const) {
      const mark = marks.get(`${id} ${side}`) ?? 0
      same('a read mark', row[`${side}_read`], mark)
      const others = sent.filter(one => {
        const entry = own.find(({ id }) => id === one.id)
        return one.side !== side && !takenBack.has(one.id) && Number(entry?.['number'] ?? 0) > mark
      })
      const unread = texts.filter(
        one =>
          one['conversation_id'] === id &&
          one['side'] !== side &&
          one['taken_back_at'] === null &&
          Number(one['number']) > Number(row[`${side}_read`]),
      )
      same('unread messages', unread.length, others.length)
    }
  }
  for (const { id, text, side, answers } of sent) {
    const [entry] = entries.filter(row => row['id'] === id)
    const accepted = answers.filter(number => number !== null)
    same('a message is stored', entry !== undefined, accepted.length > 0)
    for (const number of accepted) same('the number of an answer', number, entry?.['number'])
    if (accepted.length === 0) continue
    const words = texts.find(row => row['id'] === id)
    same('the words', [words?.['side'], words?.['text']], [side, takenBack.has(id) ? null : text])
  }
  return wrong
}

/** Steps that need a moment which the story seldom meets; `decide.test.ts` has them. */
const rare: ReadonlySet<string> = new Set([
  'conversation: frozen + support_read',
  'conversation: frozen + message_taken_back',
  'conversation: closed + message_taken_back',
  'conversation: closed + support_read',
  'conversation: frozen + conversation_ending',
  'conversation: frozen + conversation_closed',
])

t.test('no gap, no repeat, the same order everywhere, and unread is the truth', async t => {
  const seen = new Map<string, number>()
  let [gaps, reloads] = [0, 0]
  for (const seed of [1, 2, 3, 4]) {
    const told = await story(seed)
    t.same(told.checker.violations, [], `seed ${seed}`)
    await Promise.all(told.lives)
    t.same(wrongIn(told), [], `seed ${seed}`)
    t.ok(told.world.crashes() > 3, `${told.world.crashes()} crashes`)
    t.ok(told.sent.length > 50, `${told.sent.length} messages`)
    for (const own of told.devices.values())
      for (const device of own) {
        gaps += device.gaps
        reloads += device.reloads
      }
    for (const [name, count] of told.checker.coverage.steps([conversationKind as AnyKind]))
      seen.set(name, (seen.get(name) ?? 0) + count)
  }
  t.ok(gaps > 10 && reloads > 0, `${gaps} gaps, ${reloads} loaded anew`)
  const never = [...seen].filter(([, count]) => count === 0).map(([name]) => name)
  t.same(
    never.filter(name => !rare.has(name)),
    [],
    'every other step of the machine was taken',
  )
})

const right = conversationKind as AnyKind

t.test('a repeat that is stored as a second message is found', async t => {
  const told = await story(2, {
    ...right,
    decide: (state, command, nowMs) =>
      right.decide(
        (state as Conversation).status === 'absent' ? state : { ...(state as object), recent: [] },
        command,
        nowMs,
      ),
  })
  t.match(wrongIn(told).join('\n'), /numbers have a gap/)
})

t.test('a read mark that goes back is found', async t => {
  const told = await story(2, {
    ...right,
    decide: (state, command, nowMs) =>
      right.decide(
        (command as { verb: string }).verb === 'read' ? { ...(state as object), read: {} } : state,
        command,
        nowMs,
      ),
  })
  t.match(wrongIn(told).join('\n'), /a read mark/)
})

t.test('an entry that is told under a wrong number is found', async t => {
  const told = await story(2, {
    ...right,
    react: (event, state, atMs, source, command) =>
      right.react(
        event.type === 'message_sent'
          ? { ...event, data: { ...event.data, entry_id: source.slot.toString() } }
          : event,
        state,
        atMs,
        source,
        command,
      ),
  })
  t.match(wrongIn(told).join('\n'), /a device shows something else/)
})
