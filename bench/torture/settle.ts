/**
 * After the last fault the system must come to rest by itself and then work normally. This file
 * checks liveness, with generous time limits. `check.ts` checks safety, without time limits.
 */
import { SetsByKey } from '../../protocol/kernel/sets-by-key.ts'
import { randomUUID } from 'node:crypto'
import type { Chance } from '../../protocol/kernel/chance.ts'
import { settled } from '../rigs/parallel.ts'
import { ask, type Tally } from './memory/ask.ts'
import { check } from './memory/check.ts'
import type { Deployment } from '../../protocol/testing/deployment.ts'
import { readLedgerAt } from './memory/ledger.ts'
import type { Memory } from './memory/memory.ts'
import { center, type People } from './memory/people.ts'
import { readPublished } from './memory/published.ts'

interface Settling {
  deployment: Deployment
  people: People
  memory: Memory
  tally: Tally
  chance: Chance
  say(line: string): void
}

/** The client's longest pause between two attempts, and some reserve. */
const reconnectedMs = 45_000
const heardMs = 10_000
const atRestMs = 45_000
const repeatsAsked = 40

/** The errors; an empty list is a passed run. */
export async function settle(context: Settling): Promise<string[]> {
  const { deployment, people, memory } = context
  const unasked = deployment.members.flatMap(member => member.unasked)
  await deployment.untilHealthy()
  const wrong = [
    ...unasked,
    ...(await reconnected(people)),
    ...(await repeats(context)),
    ...(await everyTerminalHears(context)),
  ]
  // The consequences of a commit (commands to other actors, publication) may still be under way.
  const giveUpMs = performance.now() + atRestMs
  for (;;) {
    const published = await readPublished(deployment.servers.nats.url)
    const found = check(
      memory,
      await readLedgerAt(deployment.servers.postgres.url),
      published,
      Date.now() - 5_000,
    )
    if (found.length === 0 || performance.now() >= giveUpMs) return [...wrong, ...found]
    await new Promise<void>(resolve => {
      setTimeout(resolve, 1_000)
    })
  }
}

async function reconnected({ pharmacies, drivers }: People): Promise<string[]> {
  const closed = () => [
    ...pharmacies.filter(one => !one.terminal.isOpen).map(one => `terminal ${one.id}`),
    ...drivers.filter(one => !one.socket.isOpen).map(one => `driver ${one.id}`),
  ]
  await settled(() => closed().length === 0, reconnectedMs)
  const wrong = closed().map(who => `${who} did not come back`)
  // Locations are acknowledged again, so the buffers of the apps empty. One batch a second is
  // always under way.
  const full = () => drivers.filter(one => one.socket.unacknowledged.length > 5)
  await settled(() => full().length === 0, reconnectedMs)
  return [
    ...wrong,
    ...full().map(
      one =>
        `driver ${one.id} waits for the acknowledgement of ${one.socket.unacknowledged.length} locations`,
    ),
  ]
}

/** Repeats creations with their keys; each must name the same order [3]. */
async function repeats({ deployment, memory, chance, tally }: Settling): Promise<string[]> {
  const wrong: string[] = []
  const orders = [...memory.orders.values()]
  for (let i = 0; i < Math.min(repeatsAsked, orders.length); i++) {
    const order = chance.pick(orders)
    const answer = await ask(
      { urls: deployment.urls, chance, tally, untilMs: performance.now() + 20_000 },
      order.asked,
    )
    const id = answer?.body['request_id'] ?? answer?.body['id']
    if (id !== order.orderId)
      wrong.push(
        `[3] the creation of ${order.orderId} asked again is answered ${answer?.status ?? 'by nobody'} ${String(id)}`,
      )
  }
  return wrong
}

/** A request at each edge must reach the terminals of both, and so must its end [9]. */
async function everyTerminalHears({
  deployment,
  people,
  memory,
  chance,
  tally,
}: Settling): Promise<string[]> {
  const wrong: string[] = []
  const [customer] = people.customers
  for (const url of deployment.urls) {
    const heard = new SetsByKey<string, string>()
    const over = new SetsByKey<string, string>()
    const stops = people.pharmacies.flatMap(({ id, terminal }) => [
      terminal.on('new_request', ({ request_id }) => {
        heard.add(request_id, id)
      }),
      terminal.on('request_closed', ({ request_id }) => {
        over.add(request_id, id)
      }),
    ])
    const context = { urls: [url], chance, tally, untilMs: performance.now() + 20_000 }
    const asked = {
      method: 'POST' as const,
      path: '/api/requests',
      token: customer!.token,
      body: {
        latitude: center.latitude,
        longitude: center.longitude,
        radius_km: 5,
        quantity: 1,
        expires_in_seconds: 60,
      },
      key: randomUUID(),
    }
    memory.attempting(customer!.id)
    const answer = await ask(context, asked)
    if (answer?.status !== 201) {
      wrong.push(
        `after everything a request at ${url} is answered ${answer?.status ?? 'by nobody'} ${answer?.code}`,
      )
      continue
    }
    const id = answer.body['request_id'] as string
    memory.created(id, customer!.id, asked, 'broadcast')
    if (!(await settled(() => heard.get(id)?.size === people.pharmacies.length, heardMs)))
      wrong.push(
        `[9] ${heard.get(id)?.size ?? 0} of ${people.pharmacies.length} terminals heard of ${id}`,
      )
    // Unless a terminal took it, it is cancelled. Either way it ends for all.
    await ask(
      { ...context, untilMs: performance.now() + 20_000 },
      { method: 'DELETE', path: `/api/requests/${id}`, token: customer!.token, key: randomUUID() },
    )
    if (!(await settled(() => over.get(id)?.size === people.pharmacies.length, heardMs)))
      wrong.push(
        `[9] ${over.get(id)?.size ?? 0} of ${people.pharmacies.length} terminals heard of the end of ${id}`,
      )
    for (const stop of stops) stop()
  }
  return wrong
}
