/**
 * The people who talk: customers with the pharmacies and the drivers of their orders, customers and
 * pharmacies with two devices each; and support, which reads or freezes a conversation now and then.
 * `talkLeft` compares what the devices show and what the tables say with the truth, when nothing
 * fails any more.
 */
import type { Identity } from '../../edge/kernel/identity.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { topics } from '../../protocol/dispatch/pushes.ts'
import { hasEnded } from '../../protocol/orders/statuses.ts'
import { Chatter, type Person } from './chatter.ts'
import { Caller, type Surroundings } from './clients.ts'
import type { Customer } from './customer.ts'
import type { Driver } from './driver.ts'
import type { Pharmacy } from './pharmacy.ts'
import type { TalkTruth } from './talk-truth.ts'
import type { Chance } from '../../protocol/kernel/chance.ts'
import { listed } from './edge/edge.ts'
import { unreadIn } from './edge/talk-rows.ts'
import { settlingMs } from './hearing.ts'
import type { TableRow } from '../../engine/journal/memory-table.ts'

/** The people of orders, the devices of those who talk, and the truth about what they say. */
export type TalkWorld = Surroundings & {
  readonly chance: Chance
  readonly startMs: number
  readonly calmSinceMs: number
  readonly customers: readonly Customer[]
  readonly pharmacies: readonly Pharmacy[]
  readonly drivers: readonly Driver[]
  readonly chatters: Chatter[]
  readonly talk: TalkTruth
}

/** Average time between two things that a side does in one conversation. */
const actionMs = 25_000
/** Average time between two conversations that a customer begins. */
const openMs = 90_000
/** Average time between two looks of support. */
const supportMs = 2 * 60_000
/** Longest time for the greeting of a socket, and from an entry to the screen. */
const greetingMs = 10_000
const tellingMs = 10_000

const identityOf = (role: Identity['role'], userId: string): Identity => ({
  userId,
  role,
  name: 'somebody',
  pharmacyId: role === 'vendor' ? userId : null,
  driverId: role === 'driver' ? userId : null,
  expiresAtMs: Infinity,
})

/** Starts them. Call it when the people of orders are there. */
export function startTalk(world: TalkWorld): void {
  const chance = world.chance.fork('talkers')
  const { talk: truth } = world
  const devicesOf = new Map<string, Chatter[]>()
  const settle = (name: string, person: Person): void => {
    // A driver has one phone.
    const devices = (person.side === 'driver' ? [1] : [1, 2]).map(
      i => new Chatter(person, truth, `${name} phone ${i}`, chance.fork(`${name} ${i}`), world),
    )
    devicesOf.set(person.identity.userId, devices)
    for (const device of devices) {
      world.chatters.push(device)
      world.joined(device)
      void device.stayConnected()
    }
  }
  for (const { name, customerId: id } of world.customers)
    settle(name, {
      side: 'customer',
      identity: identityOf('user', id),
      topic: topics.customer(id),
    })
  for (const { name, pharmacyId: id } of world.pharmacies)
    settle(name, { side: 'vendor', identity: identityOf('vendor', id), topic: topics.pharmacy(id) })
  for (const { name, driverId: id } of world.drivers)
    settle(name, { side: 'driver', identity: identityOf('driver', id), topic: topics.driver(id) })

  for (const customer of world.customers)
    void beginTalks(world, customer.customerId, customer.name, devicesOf)
  void moderate(world)
  truth.onEntry = (talk, number) => mustShow(world, talk, number)
}

/** A customer opens conversations about the orders of the moment, and all sides begin to talk. */
async function beginTalks(
  world: TalkWorld,
  customerId: string,
  name: string,
  devicesOf: ReadonlyMap<string, readonly Chatter[]>,
): Promise<void> {
  const who = new Caller(`${name} talks`, world.chance.fork(`${name} talks`), world)
  const begun = new Set<string>()
  for (;;) {
    await who.sleep(who.chance.around(openMs))
    if (world.closing()) return
    const own = listed(
      world.database,
      one => one.user_id === customerId && one.vendor_id !== null && !hasEnded(one.status),
    )
    if (own.length === 0) continue
    const order = who.chance.pick(own)
    const isDelivery = order.driver_id !== null && who.chance.happens(0.5)
    const answer = await who.call(edge =>
      edge.talk.open(identityOf('user', customerId), {
        topic: isDelivery ? 'delivery' : 'pharmacy',
        order_id: order.id,
      }),
    )
    if (!answer.ok || begun.has(answer.value)) continue
    const id = answer.value
    begun.add(id)
    const row = world.database.store.table('conversations').rows.get(id)
    for (const side of ['customer_id', 'vendor_id', 'driver_id'])
      if (row?.[side] != null) void live(world, id, devicesOf.get(String(row[side]))!)
  }
}

/** What one side does in a conversation. */
async function live(world: TalkWorld, talk: string, devices: readonly Chatter[]): Promise<void> {
  const [{ chance, person, name }] = devices as [Chatter]
  const who = new Caller(`${name} in ${talk}`, chance.fork(talk), world)
  for (let n = 1; ; n++) {
    await who.sleep(who.chance.around(actionMs))
    if (world.closing() || world.talk.talks.get(talk)?.status === 'closed') return
    const device = who.chance.pick(devices)
    if (who.chance.happens(0.25)) device.read(talk)
    else {
      const [text, id] = [`${name} says ${n} in ${talk}`, `${name}-${talk}-${n}`]
      world.talk.says(talk, person.side, text)
      // Another device of the same person sends the same message at once, now and then.
      const all = who.chance.happens(0.2) ? devices : [device]
      const [messageId = null] = await Promise.all(all.map(one => one.say(talk, text, id)))
      if (messageId === null || !who.chance.happens(0.15)) continue
      world.talk.takesBack(messageId)
      await who.call(edge => edge.talk.takeBack(person.identity, talk, messageId))
    }
  }
}

/** Support reads a conversation, or freezes it for a while. */
async function moderate(world: TalkWorld): Promise<void> {
  const who = new Caller('support', world.chance.fork('support'), world)
  const admin = identityOf('admin', uuidV7(world.startMs, who.chance.random))
  const insist = async (talk: string, verb: 'freeze' | 'thaw' | 'look_in'): Promise<void> => {
    const entry = uuidV7(Math.floor(world.schedule.nowMs), who.chance.random)
    world.talk.moderates(entry)
    for (;;) {
      const answer = await who.call(edge => edge.talk.moderate(admin, talk, verb, entry))
      if (answer.ok && verb === 'look_in') world.talk.lookedInto(talk, entry)
      if (answer.ok || answer.code === 'conversation_closed') return
      await who.sleep(who.chance.around(1_500))
    }
  }
  for (;;) {
    await who.sleep(who.chance.around(supportMs))
    if (world.closing()) return
    const open = [...world.talk.talks].filter(([, { status }]) => status === 'open')
    if (open.length === 0) continue
    const [talk] = who.chance.pick(open)
    if (who.chance.happens(0.5)) {
      await insist(talk, 'look_in')
      continue
    }
    await insist(talk, 'freeze')
    await who.sleep(who.chance.around(45_000))
    await insist(talk, 'thaw')
  }
}

/**
 * Does the device belong to a side that sees the conversation to its end? A driver sees none that is
 * closed, and a pharmacy none about an order that it never accepted.
 */
function mayShow(world: TalkWorld, { person }: Chatter, row: TableRow): boolean {
  if (person.side === 'driver' || person.identity.userId !== row[`${person.side}_id`]) return false
  const order = world.database.store.order(String(row['about_id']))!.view
  return person.side === 'customer' || order.accepted_at !== null
}

/** Once nothing fails, a connected device must show an entry within seconds. */
function mustShow(world: TalkWorld, talk: string, number: number): void {
  const { schedule, calmSinceMs, database } = world
  if (schedule.nowMs - calmSinceMs < settlingMs) return
  const connected = world.chatters.filter(one => one.connectedSinceMs < schedule.nowMs - greetingMs)
  const sinceMs = new Map(connected.map(one => [one, one.connectedSinceMs]))
  schedule.after(tellingMs, () => {
    const row = database.store.table('conversations').rows.get(talk)!
    for (const [device, since] of sinceMs)
      if (
        device.connectedSinceMs === since &&
        mayShow(world, device, row) &&
        (device.shown.get(talk) ?? 0) < number
      )
        world.talk.fail(`${device.name} is connected and was not told ${number}`, talk)
  })
}

/** What is not as it should be; empty when all is well. */
export function talkLeft(world: TalkWorld): string[] {
  const left: string[] = []
  const { database, talk: truth } = world
  for (const [id, { entries, marks, status }] of truth.talks) {
    const row = database.store.table('conversations').rows.get(id)!
    const same = (what: string, is: unknown, should: unknown): void => {
      if (is !== should)
        left.push(`[talk] ${what} of conversation ${id} is ${String(is)}, not ${String(should)}`)
    }
    same('the last number', row['last_number'], entries.length)
    same('the status', row['status'], status)
    for (const side of ['customer', 'vendor', 'driver'] as const) {
      if (row[`${side}_id`] === null) continue
      same(`the read mark of ${side}`, row[`${side}_read`], marks.get(side) ?? 0)
      same(`the unread count of ${side}`, unreadIn(database, row, side), truth.unread(id, side))
      for (const device of world.chatters)
        if (mayShow(world, device, row))
          same(`what ${device.name} shows`, device.shown.get(id) ?? 0, entries.length)
    }
  }
  return left
}
