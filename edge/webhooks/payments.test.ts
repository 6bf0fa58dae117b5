/** Webhooks tell of payments, whose facts come from the outbox of money and not from the journal. */
import t from 'tap'
import { openDatabase } from '../../migrations/database/open.ts'
import { paymentEvents } from '../../protocol/dispatch/money-events.ts'
import { moneySlot } from '../../protocol/kernel/slots.ts'
import { tellMoney } from '../facts/store.ts'
import { newId, startWorld } from './fixture.ts'
import { startReceiver, type Receiver } from './receiver.ts'

const world = await startWorld(() => openDatabase())
t.teardown(() => world.stop())
const { database, subscribe, work, until } = world
const allDelivered = (id: string, count: number): Promise<unknown> =>
  until(
    `select count(*) filter (where state = 'delivered') = ${count} and count(*) = ${count} from webhook_deliveries where subscription_id = $1`,
    [id],
  )

t.test('without a subscriber nothing waits', async t => {
  const worker = work()
  await database.kysely.transaction().execute(tx =>
    tellMoney(tx, [
      {
        actor: 'payment',
        actorId: newId(),
        type: 'captured',
        orderSeq: 1,
        pharmacyId: null,
        data: paymentEvents.captured.example,
        at: new Date(),
      },
    ]),
  )
  await until(`select seq = 1 from webhook_positions where slot = $1`, [String(moneySlot)])
  t.equal((await database.pool.query('select from webhook_deliveries')).rowCount, 0)
  await worker.stop()
})

t.test('facts about payments come to their pharmacy and to who hears everything', async t => {
  const [own, other, all] = (await Promise.all([1, 2, 3].map(() => startReceiver()))) as [
    Receiver,
    Receiver,
    Receiver,
  ]
  t.teardown(() => Promise.all([own, other, all].map(one => one.close())))
  const [pharmacyId, orderId] = [newId(), newId()]
  const { id } = await subscribe(own.url, { pharmacyId, events: ['payment.captured'] })
  await subscribe(other.url, { pharmacyId: newId() })
  const { id: allId } = await subscribe(all.url, { pharmacyId: null })
  const data = { ...paymentEvents.captured.example, order_id: orderId, vendor_id: pharmacyId }
  const fact = { actor: 'payment' as const, actorId: orderId, pharmacyId, data, at: new Date() }
  await database.kysely.transaction().execute(tx =>
    tellMoney(tx, [
      { ...fact, type: 'priced', orderSeq: 1 },
      { ...fact, type: 'captured', orderSeq: 2 },
      // No driver event is public.
      { ...fact, actor: 'driver', type: 'earned', orderSeq: 3 },
    ]),
  )
  const worker = work()
  t.teardown(() => worker.stop())
  const [message] = await own.until(1)
  const body = JSON.parse(message!.body)
  t.match(body, { type: 'payment.captured', payment_id: orderId, payment_seq: 2, data })
  t.match(body.id, new RegExp(`^${moneySlot}\\.\\d+$`))
  await allDelivered(allId, 2)
  await allDelivered(id, 1)
  t.equal(other.received.length, 0, 'another pharmacy hears nothing')
})
