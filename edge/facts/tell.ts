/**
 * Publishes facts about money on the bus, at least once and in the order of their numbers. Every edge
 * looks; the lock of one row lets one of them publish a batch. A fact is told when the bus has it.
 */
import type { OlderMessage } from '../../protocol/dispatch/older-topics.ts'
import { eventVersion, type PublishedEvent } from '../../protocol/dispatch/events.ts'
import type { PaymentEvent } from '../../protocol/dispatch/money-events.ts'
import { encodeBody } from '../../protocol/bus/codec.ts'
import type { Services } from '../../protocol/bus/services.ts'
import { ofService, subjects } from '../../protocol/bus/subjects.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import { moneySlot } from '../../protocol/kernel/slots.ts'
import type { JobFigures, JobRun } from '../kernel/job.ts'
import type { Kernel, WithConfig, WithMetrics } from '../kernel/kernel.ts'
import { keepLooking } from '../kernel/looking.ts'
import type { FactsConfig } from './config.ts'
import { factLimits } from './limits.ts'
import type { FactsMetrics } from './metrics.ts'
import { factsAfter, teller, type NumberedFact } from './store.ts'

type TellParts = Pick<Kernel, 'database' | 'bus'> &
  WithConfig<FactsConfig> &
  WithMetrics<FactsMetrics>

/** Publishes the next batch; says whether more waits. Rejects while database or bus is away. */
export async function tellFacts({ database, bus, config, metrics }: TellParts): Promise<boolean> {
  const db = database.kysely
  const numbers = await db.selectFrom('money_fact_numbers').selectAll().execute()
  const numberOf = (name: string): number => numbers.find(one => one.name === name)!.seq
  // Most looks find nothing, and they cost this one query.
  if (numberOf('told') >= numberOf('given')) return false
  const told = await db.transaction().execute(async tx => {
    const held = await tx
      .selectFrom('money_fact_numbers')
      .select('seq')
      .where('name', '=', 'told')
      .forUpdate()
      .skipLocked()
      .executeTakeFirst()
    if (held === undefined) return []
    const facts = await factsAfter(tx, held.seq, factLimits.batchFactsMax)
    if (facts.length === 0) return []
    for (const fact of facts)
      for (const message of messagesOf(fact, config.services)) {
        const handedOver = bus.publish(message.subject, message.body, message.id)
        if (!handedOver) throw new CaduceusError('unavailable', 'no connection to the bus')
      }
    await bus.flush()
    await tx
      .updateTable('money_fact_numbers')
      .set({ seq: facts.at(-1)!.seq })
      .where('name', '=', 'told')
      .execute()
    return facts
  })
  for (const { type } of told) metrics.moneyFactsTold.inc({ type })
  return told.length === factLimits.batchFactsMax
}

/** Starts the loop. Returns the function that stops it once the batch under way is done. */
export function startTelling(
  parts: TellParts & Pick<Kernel, 'after' | 'log' | 'nowMs'>,
): () => Promise<void> {
  const { log, nowMs } = parts
  const seldom = new Seldom((line, error) => log.warn({ err: error }, line), nowMs)
  return keepLooking(parts, {
    ...factLimits,
    look: () => tellFacts(parts),
    onError: error => seldom.say('facts', 'facts could not be told; trying again', error),
  })
}

interface Message {
  subject: string
  body: Uint8Array
  /** Absent for the copies of services, which no stream holds. */
  id?: string
}

/** The messages of a fact: for all who may hear everything, and for services of its pharmacy. */
export function messagesOf(fact: NumberedFact, services: Services): Message[] {
  const { seq, actor, actorId, type, orderSeq: order_seq, pharmacyId, data } = fact
  const id = `${moneySlot}.${seq}`
  const common = { slot: moneySlot, seq, order_seq, at: fact.at.toISOString(), type, data }
  const event = {
    id,
    ...common,
    actor,
    actor_id: actorId,
    v: eventVersion,
    by: teller,
  } satisfies PublishedEvent
  const messages: Message[] = [
    { subject: subjects.event(actor, type, actorId), body: encodeBody(event), id },
  ]
  if (actor === 'payment' && type === 'captured') {
    const { order_id, driver_id, currency, method, taken_minor } = data as PaymentEvent['data']
    const topic = 'payment.processed'
    const older = {
      id: `${id}.${topic}`,
      ...common,
      type: topic,
      data: { trip_id: order_id, driver_id, amount_minor: taken_minor!, currency, method },
    } satisfies OlderMessage
    messages.push({
      subject: subjects.olderTopic(topic, order_id),
      body: encodeBody(older),
      id: older.id,
    })
  }
  const hearing = services.hearing(pharmacyId)
  return [
    ...messages,
    ...messages.flatMap(({ subject, body }) =>
      hearing.map(service => ({ subject: ofService(service, subject), body })),
    ),
  ]
}

/** Deletes facts that bus and webhooks have told, after a while. */
export async function deleteTold(
  { database: { kysely: db }, nowMs }: Pick<Kernel, 'database' | 'nowMs'>,
  { fence }: Pick<JobRun, 'fence'>,
): Promise<JobFigures> {
  return db.transaction().execute(async tx => {
    await fence(tx)
    const [told, webhooks] = [
      tx.selectFrom('money_fact_numbers').select('seq').where('name', '=', 'told'),
      tx.selectFrom('webhook_positions').select('seq').where('slot', '=', moneySlot),
    ]
    const { numDeletedRows } = await tx
      .deleteFrom('money_facts')
      .where('seq', '<=', told)
      .where('seq', '<=', webhooks)
      .where('at', '<', new Date(nowMs() - factLimits.keptDays * 24 * 3_600_000))
      .executeTakeFirst()
    return { deleted: Number(numDeletedRows) }
  })
}
