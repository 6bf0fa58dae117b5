/**
 * What the facts of a payment ask of the processor of cards, and the outbox in which that waits.
 * The id of a row is the key that the processor gets, so it is stored before the request is sent. An
 * edge takes a row by moving its time ahead; when the edge dies, another one sends the same key.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { JobFigures, JobRun } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { derivedId } from '../kernel/derived-id.ts'
import { cardLimits } from './card/limits.ts'
import { amountOf, dueMinor, type Payment, type PaymentFact } from './payment.ts'

export type RequestKind =
  | 'authorise'
  | 'capture'
  | 'release'
  | 'refund'
  /** Reads the payment again and again until it is over, in case a message is lost. */
  | 'watch'
  | 'read_payment'
  | 'read_refund'
  /** Calls an order off that nobody has paid in time. */
  | 'give_up'

export interface NewRequest {
  id: string
  kind: RequestKind
  orderId: string | null
  amountMinor: number | null
  /** The processor's object, or our refund. */
  about: string | null
  afterMs: number
}
export interface DueRequest extends Omit<NewRequest, 'afterMs'> {
  /** Counts this one. */
  attempts: number
}

const requestOf = (
  kind: RequestKind,
  orderId: string,
  once: string | number,
  { amountMinor = null, about = null, afterMs = 0 }: Partial<NewRequest> = {},
): NewRequest => ({
  id: derivedId(`payment request ${kind} ${orderId} ${once}`),
  kind,
  orderId,
  amountMinor,
  about,
  afterMs,
})

/**
 * Asks for the next authorisation. `again` asks without the token that was refused, under another
 * key, so that the customer's device confirms the payment.
 */
export const authorisationOf = (orderId: string, payment: Payment, again = false): NewRequest =>
  requestOf('authorise', orderId, `${payment.lost.length}${again ? ' again' : ''}`, {
    amountMinor: dueMinor(payment) ?? 0,
  })

/** `payment` is the state after the fact. A payment in cash asks nothing. */
export function requestsOf(orderId: string, payment: Payment, fact: PaymentFact): NewRequest[] {
  const { card, method, lost, isClosed } = payment
  if (method !== 'card' || card?.id === '') return []
  const amountMinor = dueMinor(payment) ?? 0
  const capture = (): NewRequest[] =>
    card?.isAuthorised === true && amountMinor > 0
      ? [requestOf('capture', orderId, card.id, { amountMinor, about: card.id })]
      : []
  const release = (): NewRequest[] =>
    card === null ? [] : [requestOf('release', orderId, card.id, { about: card.id })]
  switch (fact.type) {
    case 'priced':
      return amountMinor === 0
        ? []
        : [
            authorisationOf(orderId, payment),
            requestOf('give_up', orderId, 0, { afterMs: cardLimits.authorisedWithinMs }),
          ]
    case 'action_required':
    case 'authorised':
      return [
        ...(isClosed ? release() : payment.handedOver === null ? [] : capture()),
        requestOf('watch', orderId, fact.data.id, {
          about: fact.data.id,
          afterMs: cardLimits.watchOpenMs,
        }),
      ]
    case 'authorisation_lost': {
      const isLast = lost.length >= cardLimits.authorisationsMax
      const afterMs = isLast ? 0 : cardLimits.authorisedWithinMs
      const giveUp = requestOf('give_up', orderId, lost.length, { afterMs })
      return isLast ? [giveUp] : [authorisationOf(orderId, payment), giveUp]
    }
    case 'authorisation_doubled':
      return [requestOf('release', orderId, fact.data.id, { about: fact.data.id })]
    case 'handed_over':
      return capture()
    case 'closed':
      return release()
    case 'refund_approved': {
      const { refundId } = fact.data
      const { parts } = payment.refunds.find(one => one.refundId === refundId)!
      return [
        requestOf('refund', orderId, refundId, { amountMinor: amountOf(parts), about: refundId }),
      ]
    }
    default:
      return []
  }
}

/** Reads an object of the processor; once for each of its messages. */
export const readingOf = (
  object: 'payment' | 'refund',
  objectId: string,
  once: string,
): NewRequest => ({
  id: derivedId(`payment request read ${once}`),
  kind: `read_${object}`,
  orderId: null,
  amountMinor: null,
  about: objectId,
  afterMs: 0,
})

/** Stores requests; a row that exists stays as it is. */
export async function ask(
  db: Kysely<Tables>,
  requests: readonly NewRequest[],
  nowMs: number,
): Promise<void> {
  if (requests.length === 0) return
  await db
    .insertInto('payment_requests')
    .values(
      requests.map(({ id, kind, orderId, amountMinor, about, afterMs }) => ({
        id,
        kind,
        order_id: orderId,
        amount: amountMinor,
        about,
        attempts: 0,
        due_at: new Date(nowMs + afterMs),
        asked_at: new Date(nowMs),
      })),
    )
    .onConflict(conflict => conflict.doNothing())
    .execute()
}

/** An order that was accepted without the price of its goods, on the bus, is called off. */
export const givenUpUnpriced = (orderId: string): NewRequest =>
  requestOf('give_up', orderId, 'unpriced')

/** Counts what waits for the processor, and for how many orders. */
export async function findStranded({
  database: { kysely: db },
  log,
  processor,
}: Pick<Kernel, 'database' | 'log'> & { processor: unknown }): Promise<JobFigures> {
  if (processor !== null) return { stranded: 0 }
  const { rows } = await sql<{ stranded: string }>`
    select count(*)::text as stranded from payment_requests where ended_at is null and kind <> 'give_up'`.execute(
    db,
  )
  const stranded = Number(rows[0]!.stranded)
  if (stranded > 0)
    log.error({ stranded }, 'payments: cards wait for Stripe, but STRIPE_SECRET_KEY is not set')
  return { stranded }
}

/** Takes rows that are due, the longest waiting first; without a processor those that need none. */
export async function takeDue(
  db: Kysely<Tables>,
  nowMs: number,
  hasProcessor: boolean,
): Promise<DueRequest[]> {
  const { rows } = await sql<{
    id: string
    kind: RequestKind
    order_id: string | null
    amount: string | null
    about: string | null
    attempts: number
  }>`
    with due as (
      select id from payment_requests where ended_at is null and due_at <= ${new Date(nowMs)}
        and (${hasProcessor} or kind = 'give_up')
      order by due_at limit ${cardLimits.batchMax} for update skip locked
    )
    update payment_requests r set attempts = r.attempts + 1, due_at = ${new Date(nowMs + cardLimits.takenMs)}
    from due where r.id = due.id
    returning r.id, r.kind, r.order_id, r.amount::text, r.about, r.attempts`.execute(db)
  return rows.map(({ order_id, amount, ...row }) => ({
    ...row,
    orderId: order_id,
    amountMinor: amount === null ? null : Number(amount),
  }))
}

/** Ends a row with the processor's last word. */
export async function endRequest(
  db: Kysely<Tables>,
  id: string,
  answer: string,
  nowMs: number,
): Promise<void> {
  await db
    .updateTable('payment_requests')
    .set({ answer, ended_at: new Date(nowMs) })
    .where('id', '=', id)
    .execute()
}

/** Sends a row later. */
export async function postpone(
  db: Kysely<Tables>,
  id: string,
  answer: string,
  dueAtMs: number,
): Promise<void> {
  await db
    .updateTable('payment_requests')
    .set({ answer, due_at: new Date(dueAtMs) })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .execute()
}

/** Deletes rows that ended long ago. Rejects while the database is away. */
export async function deleteOldRequests(
  { database: { kysely: db }, nowMs }: Pick<Kernel, 'database' | 'nowMs'>,
  { fence }: Pick<JobRun, 'fence'>,
): Promise<JobFigures> {
  return db.transaction().execute(async tx => {
    await fence(tx)
    const { numDeletedRows } = await tx
      .deleteFrom('payment_requests')
      .where('ended_at', '<', new Date(nowMs() - cardLimits.endedKeptMs))
      .executeTakeFirst()
    return { deleted: Number(numDeletedRows) }
  })
}
