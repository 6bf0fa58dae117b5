/**
 * A customer has at most twenty open requests, however many come at once, at several engines and
 * after a restart.
 */
import t from 'tap'
import type { OrderReply } from '../../protocol/dispatch/commands.ts'
import { Gateway } from '../bus/gateway.ts'
import { here, order, problem, world } from '../fixtures.ts'
import { openRequestsPerCustomerMax } from './limits.ts'

type World = Awaited<ReturnType<typeof world>>

/** Sends so many requests of a customer at once. */
async function sendRequests(
  w: World,
  customerId: string,
  count: number,
): Promise<{ orderId: string; reply: OrderReply }[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const orderId = w.id()
      return { orderId, reply: await w.broadcast(orderId, customerId) }
    }),
  )
}
/** How often each answer was given. */
const outcomes = (asked: { reply: OrderReply }[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { reply } of asked) counts[problem(reply)] = (counts[problem(reply)] ?? 0) + 1
  return counts
}
const openOf = (w: World, customerId: string): number =>
  w.store.orders().filter(({ view }) => view.user_id === customerId && view.status === 'pending')
    .length

for (const engines of [1, 2])
  t.test(
    `${engines === 1 ? 'one engine' : 'two engines'}: the bound holds for requests at once, one after the other, and after a crash`,
    async t => {
      const w = await world()
      const boot = (id: string) => w.boot(id, { exclusive: engines === 1 })
      const first = await boot('e1')
      if (engines === 2) {
        await boot('e2')
        // Slots change hands until both engines have their share.
        for (let i = 0; i < 20; i++) await w.env.advance(500)
      }
      const near = w.pharmacy('near')
      await w.env.settle()
      const customerId = w.id()
      const asked = await sendRequests(w, customerId, 3 * openRequestsPerCustomerMax)
      t.same(outcomes(asked), {
        ok: openRequestsPerCustomerMax,
        too_many_open_requests: 2 * openRequestsPerCustomerMax,
      })
      t.equal(openOf(w, customerId), openRequestsPerCustomerMax)
      t.match(
        asked.find(one => !one.reply.ok)?.reply,
        { problem: { detail: /20 requests of this customer are open/ } },
        'the refusal says how many are open',
      )
      t.same(
        outcomes(await sendRequests(w, w.id(), 1)),
        { ok: 1 },
        'another customer is not refused',
      )

      const open = asked.filter(one => one.reply.ok).map(one => one.orderId)
      t.equal(
        order(await w.broadcast(open[0]!, customerId)).id,
        open[0],
        'a repeat gets the answer of the first time',
      )
      await w.command('order', open[0]!, 'cancel', { role: 'customer', id: customerId })
      await w.command(
        'order',
        open[1]!,
        'respond',
        { role: 'vendor', id: near },
        { response_type: 'ACCEPTED' },
      )
      t.same(
        outcomes(await sendRequests(w, customerId, 5)),
        { ok: 2, too_many_open_requests: 3 },
        'a cancelled request and a won one make room',
      )
      t.equal(
        order(await w.broadcast(open[0]!, customerId)).status,
        'cancelled',
        'a repeat of the cancelled request is still answered',
      )

      first.crash()
      await w.env.advance(12_000)
      if (engines === 1) await w.boot('e3')
      t.same(
        outcomes(await sendRequests(w, customerId, 5)),
        { too_many_open_requests: 5 },
        'the engine that owns the customer after a crash counts the stored requests',
      )
      await w.env.advance(300_000)
      t.same(
        outcomes(await sendRequests(w, customerId, 1)),
        { ok: 1 },
        'expired requests make room',
      )
    },
  )

t.test('requests that a service sends for a customer count too', async t => {
  const w = await world()
  await w.boot('e1')
  w.pharmacy('near')
  await w.env.settle()
  const customerId = w.id()
  await sendRequests(w, customerId, openRequestsPerCustomerMax)
  const orderId = w.id()
  t.equal(
    problem(
      await w.command(
        'order',
        orderId,
        'broadcast',
        { role: 'service', id: 'dispatch' },
        {
          order_id: orderId,
          customer_id: customerId,
          customer_name: 'Cleo',
          customer_phone: '3',
          ...here,
          radius_km: 5,
          items: [],
          expires_in_seconds: 60,
        },
      ),
    ),
    'too_many_open_requests',
  )
})

t.test(
  'the database fails while open requests are counted: the answer is unavailable, not an internal error',
  async t => {
    const w = await world()
    const gateway = new Gateway({
      bus: w.bus,
      ownsActor: () => true,
      grant: async () => {
        throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
      },
      handle: async () => {
        throw new Error('not asked')
      },
      tell: async () => {
        throw new Error('not asked')
      },
      log() {},
    } as unknown as ConstructorParameters<typeof Gateway>[0])
    await t.rejects(gateway.mayOpen(w.id(), w.id()), { code: 'unavailable' })
  },
)
