/**
 * A pharmacy with its drivers and customers on virtual time, for the tests of races, crashes and
 * memberships. A test can delay an append, so that two commands are under way at once. An engine
 * can crash and be followed by another one.
 */
import type { Principal } from '../protocol/kernel/principal.ts'
import type { RegisteredDriver } from './drivers/state.ts'
import { order, world, type BootOptions } from './fixtures.ts'
import type { AppendRequest } from './journal/journal.ts'

type World = Awaited<ReturnType<typeof world>>
type Booted = Awaited<ReturnType<World['boot']>>

/**
 * Delays appends: `beforeAppend` goes to the engine, and `hold` delays the appends that match,
 * until the function that it returns is called.
 */
export function heldAppends() {
  const gates = new Map<(request: AppendRequest) => boolean, Promise<void>>()
  const beforeAppend = async (request: AppendRequest): Promise<void> => {
    for (const [matches, gate] of gates) if (matches(request)) await gate
  }
  const hold = (matches: (request: AppendRequest) => boolean): (() => void) => {
    let open: () => void = () => {}
    gates.set(
      matches,
      new Promise(resolve => {
        open = resolve
      }),
    )
    return () => {
      gates.delete(matches)
      open()
    }
  }
  return { beforeAppend, hold }
}

/**
 * A world with one engine and one pharmacy, and short forms of the commands that these tests give.
 */
export async function pharmacyWorld(seed: number, options: BootOptions = {}) {
  const w = await world(seed)
  const engine = await w.boot('e1', options)
  const pharmacyId = w.pharmacy('one')
  await w.env.settle()
  const by: Principal = { role: 'vendor', id: pharmacyId }
  /** An order that the pharmacy has taken. */
  const won = async () => {
    const opened = order(await w.broadcast())
    return order(await w.command('order', opened.id, 'respond', by, { response_type: 'ACCEPTED' }))
  }
  const find = (id: string) => w.command('order', id, 'find_driver', by)
  const assign = (id: string, driver_id: string) =>
    w.command('order', id, 'assign_driver', by, { driver_id })
  const cancel = (one: { id: string; user_id: string }) =>
    w.command('order', one.id, 'cancel', { role: 'customer', id: one.user_id })
  const offers = (driverId: string) =>
    w.pushes.flatMap(p =>
      p.kind === 'topic' && p.topic === `driver:${driverId}` && p.message.type === 'offer'
        ? [{ offer_id: String(p.message.offer_id), order_id: String(p.message.order_id) }]
        : [],
    )
  const driverState = (of: Booted, driverId: string) =>
    of.actors.peek(driverId)?.state as RegisteredDriver
  const types = (actorId: string) =>
    w.store.events.get(actorId)?.map(stored => stored.event.type) ?? []
  const deliver = async (id: string, driver: Principal) => {
    for (const verb of ['pick_up', 'out_for_delivery', 'deliver'])
      order(
        await w.command('order', id, verb, driver, verb === 'deliver' ? w.signed(driver.id) : {}),
      )
  }
  return {
    ...w,
    engine,
    pharmacyId,
    by,
    won,
    find,
    assign,
    cancel,
    offers,
    driverState,
    types,
    deliver,
  }
}
