/**
 * Facts about money on a real bus with its stream: numbers without gaps, each fact once and in order,
 * whatever fails, and the copies for services of the pharmacy.
 */
import t from 'tap'
import { connect } from '@nats-io/transport-node'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { Registry } from 'prom-client'
import Value from 'typebox/value'
import { openDatabase } from '../../migrations/database/open.ts'
import { decodeBody } from '../../protocol/bus/codec.ts'
import { natsBus } from '../../protocol/bus/nats.ts'
import { readServices } from '../../protocol/bus/services.ts'
import { eventStream, ofService, subjects } from '../../protocol/bus/subjects.ts'
import { PublishedEvent } from '../../protocol/dispatch/events.ts'
import { earnedEvent, paymentEvents } from '../../protocol/dispatch/money-events.ts'
import { olderTopics } from '../../protocol/dispatch/older-topics.ts'
import { ids } from '../../protocol/kernel/examples.ts'
import { moneySlot } from '../../protocol/kernel/slots.ts'
import { requireOrSkip, startNats } from '../../protocol/testing/services.ts'
import { factsMetrics } from './metrics.ts'
import { factsAfter, lastNumber, tellMoney, type MoneyFact } from './store.ts'
import { deleteTold, messagesOf, tellFacts } from './tell.ts'

const at = new Date('2026-11-30T12:00:00Z')
const paid = (orderSeq = 1): MoneyFact => ({
  actor: 'payment',
  actorId: ids.order,
  type: 'captured',
  orderSeq,
  pharmacyId: ids.pharmacy,
  data: paymentEvents.captured.example,
  at,
})
const earned: MoneyFact = {
  actor: 'driver',
  actorId: ids.driver,
  type: 'earned',
  orderSeq: 7,
  pharmacyId: null,
  data: earnedEvent.example,
  at,
}
const services = readServices({ SERVICE_PHARMACIES: `dispatch=${ids.pharmacy} billing=*` })

t.test('facts about money', { skip: requireOrSkip(t, 'nats') }, async t => {
  const [nats, database] = await Promise.all([startNats({ jetstream: true }), openDatabase()])
  const bus = await natsBus(nats.url, { name: 'edge', eventStream })
  const listener = await connect({ servers: nats.url })
  t.teardown(async () => {
    await bus.close()
    await listener.close()
    await Promise.all([database.close(), nats.stop()])
  })
  const db = database.kysely
  const tell = (facts: readonly MoneyFact[]): Promise<void> =>
    db.transaction().execute(tx => tellMoney(tx, facts))
  const parts = {
    database,
    bus,
    config: { services },
    metrics: factsMetrics(new Registry()),
    nowMs: () => at.getTime(),
  }

  const factsToTell = async (): Promise<number> => {
    const rows = await db.selectFrom('money_fact_numbers').selectAll().execute()
    const numberOf = (name: string): number => rows.find(row => row.name === name)!.seq
    return numberOf('given') - numberOf('told')
  }

  await t.test('numbers have no gap, also when transactions fail beside each other', async t => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) =>
        db.transaction().execute(async tx => {
          await tellMoney(tx, [paid(), paid()])
          if (i % 3 === 0) throw new Error('this one is taken back')
        }),
      ),
    )
    t.equal(outcomes.filter(({ status }) => status === 'rejected').length, 10)
    const numbers = (await factsAfter(db, 0, 100)).map(({ seq }) => seq)
    t.same(
      numbers,
      Array.from({ length: 40 }, (_, i) => i + 1),
    )
    t.equal(await lastNumber(db), 40)
  })

  await t.test('a bus that takes nothing loses nothing', async t => {
    const deaf = { ...parts, bus: { ...bus, publish: () => false } }
    await t.rejects(tellFacts(deaf), { code: 'unavailable' })
    const broken = { ...parts, bus: { ...bus, flush: () => Promise.reject(new Error('away')) } }
    await t.rejects(tellFacts(broken), /away/)
  })

  await t.test('many edges tell each fact, and the stream holds it once and in order', async t => {
    const copies: string[] = []
    listener.subscribe(ofService('*', subjects.eventFilter), {
      callback: (_, { subject }) => {
        copies.push(subject)
      },
    })
    await listener.flush()
    await tell([paid(2), earned])
    // Those that another edge holds are left to it.
    while ((await factsToTell()) > 0)
      await Promise.all([tellFacts(parts), tellFacts(parts), tellFacts(parts)])
    t.equal(await tellFacts(parts), false, 'nothing is left')

    const manager = await jetstreamManager(listener)
    const { state } = await manager.streams.info(eventStream.name)
    t.equal(state.messages, 42 + 41, 'each fact, and each payment under its older name')
    await manager.consumers.add(eventStream.name, { durable_name: 'reader', ack_policy: 'none' })
    const consumer = await jetstream(listener).consumers.get(eventStream.name, 'reader')
    const events: PublishedEvent[] = []
    for await (const message of await consumer.fetch({ max_messages: state.messages })) {
      const body = decodeBody(message.data) as PublishedEvent
      if (message.subject.startsWith(subjects.eventFilter.slice(0, -1))) events.push(body)
      else t.ok(Value.Check(olderTopics['payment.processed'].data, body.data))
    }
    t.same(
      events.map(({ seq }) => seq),
      Array.from({ length: 42 }, (_, i) => i + 1),
    )
    t.ok(events.every(event => Value.Check(PublishedEvent, event)))
    t.ok(events.every(({ slot, id, seq }) => slot === moneySlot && id === `${slot}.${seq}`))
    t.match(events.at(-1), { actor: 'driver', actor_id: ids.driver, type: 'earned', order_seq: 7 })

    await listener.flush()
    const of = (service: string): number =>
      copies.filter(subject =>
        subject.startsWith(ofService(service, subjects.eventFilter).slice(0, -1)),
      ).length
    t.ok(of('dispatch') >= 41, 'its pharmacy has these orders')
    t.ok(of('billing') >= 42, 'it hears everything')
    t.notOk(
      copies.includes(ofService('dispatch', subjects.event('driver', 'earned', ids.driver))),
      'a driver without a pharmacy is not of its pharmacies',
    )
  })

  await t.test('what bus and webhooks have told is deleted after a while', async t => {
    const run = async (nowMs: number): Promise<unknown> =>
      deleteTold({ ...parts, nowMs: () => nowMs }, { fence: async () => {} })
    const laterMs = at.getTime() + 8 * 24 * 3_600_000
    t.same(await run(laterMs), { deleted: 0 }, 'the webhooks have told nothing')
    await db
      .updateTable('webhook_positions')
      .set({ seq: 40 })
      .where('slot', '=', moneySlot)
      .execute()
    t.same(await run(at.getTime()), { deleted: 0 }, 'too early')
    t.same(await run(laterMs), { deleted: 40 })
    t.equal(await lastNumber(db), 42, 'numbers are never given again')
  })
})

t.test('the older name says that a customer has paid', async t => {
  const [event, older, ...copies] = messagesOf({ ...paid(), seq: 5 }, services)
  t.equal(event!.subject, subjects.event('payment', 'captured', ids.order))
  t.equal(older!.subject, subjects.olderTopic('payment.processed', ids.order))
  t.match(decodeBody(older!.body), {
    id: `${moneySlot}.5.payment.processed`,
    data: { trip_id: ids.order, amount_minor: 1_850, currency: 'USD', method: 'card' },
  })
  t.equal(copies.length, 4, 'both for both services')
  t.equal(messagesOf({ ...earned, seq: 6 }, readServices({})).length, 1)
})
