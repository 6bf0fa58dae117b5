/**
 * The story of one order: a customer orders, pharmacies race, a driver is found, the delivery ends
 * in one way or another. Every step has its own key and is repeated until it is answered, and every
 * answer is remembered. A story without answers is given up, as people do.
 */
import { randomUUID } from 'node:crypto'
import type { Chance } from '../../protocol/kernel/chance.ts'
import { signatureForm } from '../rigs/signature.ts'
import { ask, type Answer, type Asked, type Tally } from './memory/ask.ts'
import type { Memory, Remembered, Step } from './memory/memory.ts'
import {
  center,
  type DriverAtWork,
  type Customer,
  type People,
  type Pharmacist,
} from './memory/people.ts'

export interface StoryContext {
  urls: readonly string[]
  people: People
  memory: Memory
  tally: Tally
  chance: Chance
  /**
   * No story goes on beyond this time, by `performance.now`. Later calls may give an earlier time.
   */
  endMs(): number
  pauseMsMax?: number
}

/** Time for which a client repeats one step before it gives up. */
const patienceMs = 25_000
const pollMs = 400

/** Orders of one customer, one after the other, until the end. */
export async function customerLife(context: StoryContext, customer: Customer): Promise<void> {
  while (performance.now() < context.endMs()) {
    if (context.chance.happens(0.6)) await broadcastStory(context, customer)
    else await directStory(context, customer)
    await pause(context.chance.between(20, 400))
  }
}

async function broadcastStory(context: StoryContext, customer: Customer): Promise<void> {
  const { chance, memory, people } = context
  const order = await create(
    context,
    customer,
    'broadcast',
    '/api/requests',
    {
      latitude: center.latitude,
      longitude: center.longitude,
      radius_km: 5,
      quantity: 1,
      expires_in_seconds: Math.round(chance.between(8, 25)),
    },
    body => body['request_id'] as string,
  )
  if (order === null) return
  const racers = people.pharmacies.filter(() => chance.happens(0.4))
  const cancels = chance.happens(0.12)
  await Promise.all([
    ...racers.map(async pharmacy => {
      await pause(chance.between(0, 600))
      await race(context, order, pharmacy)
    }),
    (async () => {
      if (!cancels) return
      await pause(chance.between(0, 1_500))
      const answer = await say(
        context,
        {
          method: 'DELETE',
          path: `/api/requests/${order.orderId}`,
          token: customer.token,
          key: randomUUID(),
        },
        order,
      )
      if (answer?.status === 200)
        memory.note(order.orderId, known => {
          known.cancelled = true
        })
    })(),
  ])
  // A terminal may still accept it.
  const giveUpMs = Math.min(context.endMs(), performance.now() + 6_000)
  while (order.winner === null && !order.cancelled && performance.now() < giveUpMs)
    await pause(pollMs)
  const winner = people.pharmacies.find(one => one.id === order.winner)
  if (winner !== undefined && !cancels) await deliver(context, customer, order, winner)
}

async function race(
  context: StoryContext,
  order: Remembered,
  { id, token }: Pharmacist,
): Promise<void> {
  const { memory } = context
  const answer = await say(
    context,
    {
      method: 'POST',
      path: `/api/requests/${order.orderId}/responses`,
      token,
      body: { response_type: 'ACCEPTED' },
      key: randomUUID(),
    },
    order,
  )
  if (answer === null) return
  if (answer.status === 201) memory.won(order.orderId, id)
  else if (answer.code === 'request_already_assigned')
    memory.note(order.orderId, known => known.losers.add(id))
  else if (answer.code === 'request_expired')
    memory.note(order.orderId, known => {
      known.expiredTold = true
    })
  else if (answer.code === 'request_not_offered')
    memory.contradictions.push(
      `[2] ${id} was asked about ${order.orderId} and is told that it was not`,
    )
}

async function directStory(context: StoryContext, customer: Customer): Promise<void> {
  const { chance, memory, people } = context
  const pharmacy = chance.pick(people.pharmacies)
  const order = await create(
    context,
    customer,
    'direct',
    '/api/orders',
    {
      vendor_id: pharmacy.id,
      delivery_address: 'home',
      delivery_latitude: center.latitude,
      delivery_longitude: center.longitude + 0.01,
      items: [{ name: 'medicine', quantity: 1 }],
    },
    body => body['id'] as string,
  )
  if (order === null) return
  const rejects = chance.happens(0.1)
  const answer = await say(
    context,
    {
      method: 'POST',
      path: `/api/orders/${order.orderId}/${rejects ? 'reject' : 'accept'}`,
      token: pharmacy.token,
      body: {},
      key: randomUUID(),
    },
    order,
  )
  if (answer?.status !== 200) return
  if (rejects)
    return memory.note(order.orderId, known => {
      known.rejected = true
    })
  memory.won(order.orderId, pharmacy.id)
  if (chance.happens(0.1)) {
    const cancelled = await say(
      context,
      {
        method: 'DELETE',
        path: `/api/orders/${order.orderId}`,
        token: customer.token,
        key: randomUUID(),
      },
      order,
    )
    if (cancelled?.status === 200)
      memory.note(order.orderId, known => {
        known.cancelled = true
      })
    return
  }
  await deliver(context, customer, order, pharmacy)
}

/** Finds a driver by hand or by offers. The driver then delivers the parcel or brings it back. */
async function deliver(
  context: StoryContext,
  customer: Customer,
  order: Remembered,
  pharmacy: Pharmacist,
): Promise<void> {
  const { chance, memory, people } = context
  if (chance.happens(0.5)) {
    const driver = chance.pick(pharmacy.drivers)
    const answer = await say(
      context,
      {
        method: 'POST',
        path: `/api/orders/${order.orderId}/assign-driver`,
        token: pharmacy.token,
        body: { driver_id: driver.id },
        key: randomUUID(),
      },
      order,
    )
    if (answer?.status === 200 && answer.body['status'] === 'driver_assigned')
      memory.note(order.orderId, known => known.assigned.push(answer.body['driver_id'] as string))
  } else
    await say(
      context,
      {
        method: 'POST',
        path: `/api/orders/${order.orderId}/find-driver`,
        token: pharmacy.token,
        body: { policy: 'offer' },
        key: randomUUID(),
      },
      order,
    )

  const driverAtWork = await untilAssigned(context, customer, order, people.drivers)
  if (driverAtWork === null) return
  const steps: Step[] = chance.happens(0.9)
    ? ['picked_up', 'out_for_delivery', 'delivered']
    : ['picked_up', 'out_for_delivery', 'failed', 'returning', 'returned']
  for (const [index, status] of steps.entries()) {
    const signature =
      status === 'delivered'
        ? await say(
            context,
            {
              method: 'POST',
              path: '/api/uploads/signature',
              token: driverAtWork.token,
              form: signatureForm(),
              key: randomUUID(),
            },
            order,
          )
        : null
    if (status === 'delivered' && signature?.status !== 201) return
    const more =
      signature !== null
        ? { signature_url: signature.body['url'] }
        : status === 'failed'
          ? { reason: 'nobody at home' }
          : {}
    const answer = await say(
      context,
      {
        method: 'PATCH',
        path: `/api/orders/${order.orderId}`,
        token: driverAtWork.token,
        body: { status, ...more },
        key: randomUUID(),
      },
      order,
    )
    if (answer === null) return
    if (answer.status !== 200) {
      if (index > 0)
        memory.contradictions.push(
          `[2] ${order.orderId}: ${steps[index - 1]} was acknowledged, and ${status} is refused with ${answer.code}`,
        )
      return
    }
    memory.note(order.orderId, known => known.steps.push(status))
    await pause(chance.between(0, 300))
  }
}

async function untilAssigned(
  context: StoryContext,
  customer: Customer,
  order: Remembered,
  drivers: readonly DriverAtWork[],
): Promise<DriverAtWork | null> {
  for (
    const giveUpMs = Math.min(context.endMs(), performance.now() + patienceMs);
    performance.now() < giveUpMs;
    await pause(pollMs)
  ) {
    const answer = await say(
      context,
      { method: 'GET', path: `/api/orders/${order.orderId}`, token: customer.token },
      order,
    )
    if (answer === null) return null
    if (answer.body['status'] === 'driver_assigned')
      return drivers.find(one => one.id === answer.body['driver_id']) ?? null
  }
  return null
}

async function create(
  context: StoryContext,
  customer: Customer,
  kind: Remembered['kind'],
  path: string,
  body: object,
  idOf: (body: Answer['body']) => string,
): Promise<Remembered | null> {
  const asked: Asked = { method: 'POST', path, token: customer.token, body, key: randomUUID() }
  context.memory.attempting(customer.id)
  const answer = await say(context, asked, null)
  if (answer === null) return null
  if (answer.status === 201)
    return context.memory.created(idOf(answer.body), customer.id, asked, kind)
  context.memory.contradictions.push(
    `a creation was refused with ${answer.status} ${answer.code}: ${JSON.stringify(answer.body)}`,
  )
  return null
}

/**
 * Repeats until answered. An order whose creation was acknowledged must never be unknown to its
 * parties.
 */
async function say(
  context: StoryContext,
  asked: Asked,
  order: Remembered | null,
): Promise<Answer | null> {
  const answer = await ask(
    { ...context, untilMs: Math.min(context.endMs(), performance.now() + patienceMs) },
    asked,
  )
  if (answer?.status === 404 && order !== null)
    context.memory.contradictions.push(
      `[2] ${asked.method} ${asked.path} of an acknowledged order is answered ${answer.code}`,
    )
  return answer
}

const pause = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })
