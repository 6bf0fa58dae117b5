/**
 * Sends the outbox to the processor of cards and tells payments what it answered. A request has no
 * transaction open while it waits for its answer. The answer, its facts, their transfers and the end
 * of the row are one transaction; an edge that dies before it leaves a row that is sent again with
 * the same key.
 */
import { CaduceusError, errorCatalogue } from '../../protocol/kernel/errors.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import type { Kernel, WithMetrics } from '../kernel/kernel.ts'
import { keepLooking } from '../kernel/looking.ts'
import { cardLimits } from './card/limits.ts'
import { ProcessorError, type CardProcessor } from './card/processor.ts'
import type { PaymentsMetrics } from './metrics.ts'
import type { Payment, PaymentCommand } from './payment.ts'
import {
  ask,
  authorisationOf,
  endRequest,
  postpone,
  readingOf,
  takeDue,
  type DueRequest,
  type NewRequest,
} from './requests.ts'
import { LockedPayments, paymentsOf } from './store.ts'
import { tokenFor } from './words.ts'

export type WorkerParts = Pick<Kernel, 'database' | 'commands' | 'log' | 'nowMs' | 'random'> &
  WithMetrics<PaymentsMetrics>

/** A row's answer: what the payment hears, and when the row is looked at again; null for never. */
interface Answer {
  word: string
  tells: { orderId: string; command: PaymentCommand } | null
  againAtMs: number | null
  asks?: readonly NewRequest[]
}
const answered = (word: string, tells: Answer['tells'] = null): Answer => ({
  word,
  tells,
  againAtMs: null,
})

/** Sends what is due once; says whether more waits. Rejects while the database is away. */
export async function sendDue(
  parts: WorkerParts,
  processor: CardProcessor | null,
): Promise<boolean> {
  const rows = await takeDue(parts.database.kysely, parts.nowMs(), processor !== null)
  await Promise.all(rows.map(row => settle(parts, processor, row)))
  return rows.length === cardLimits.batchMax
}

async function settle(
  parts: WorkerParts,
  processor: CardProcessor | null,
  row: DueRequest,
): Promise<void> {
  const { database, nowMs, log, metrics, random } = parts
  const db = database.kysely
  try {
    const answer = await answerTo(parts, processor, row)
    metrics.processorAnswers.inc({ request: row.kind, answer: answer.word })
    await db.transaction().execute(async tx => {
      if (answer.tells !== null) {
        const { orderId, command } = answer.tells
        const payments = await LockedPayments.of(tx, [orderId])
        const decision = payments.tell(orderId, command, new Date(nowMs()))
        if (!decision.ok)
          log.error(
            { orderId, request: row.kind, refusal: decision.refusal },
            'payments: the processor says what cannot be; look at it there',
          )
        for (const fact of await payments.write(new Map(), { nowMs, random }))
          metrics.paymentFacts.inc({ fact })
      }
      await ask(tx, answer.asks ?? [], nowMs())
      if (answer.againAtMs === null) await endRequest(tx, row.id, answer.word, nowMs())
      else await postpone(tx, row.id, answer.word, answer.againAtMs)
    })
  } catch (error) {
    const word = error instanceof ProcessorError ? error.code : 'failed'
    metrics.processorAnswers.inc({ request: row.kind, answer: word })
    log.warn({ err: error, request: row.kind, attempts: row.attempts }, 'payments: asking again')
    const pauseMs = Math.min(
      cardLimits.backoffMsFirst * 2 ** Math.min(row.attempts - 1, 20),
      cardLimits.backoffMsMax,
    )
    await postpone(db, row.id, word, nowMs() + pauseMs * (0.5 + random()))
  }
}

/** Throws ProcessorError for a row that is tried again. */
async function answerTo(
  parts: WorkerParts,
  processor: CardProcessor | null,
  row: DueRequest,
): Promise<Answer> {
  const { id: key, kind, orderId, amountMinor, about, attempts } = row
  if (kind === 'give_up') {
    const found = await paymentsOf(parts.database.kysely, [orderId!])
    return giveUp(parts, key, orderId!, found.get(orderId!)!.payment)
  }
  if (processor === null) throw new ProcessorError('later', 'no_keys')
  if (kind === 'read_payment') {
    const seen = await processor.read(about!).catch(strange)
    return seen === null || seen.orderId === null
      ? answered('strange')
      : answered(seen.state, { orderId: seen.orderId, command: { do: 'see', seen } })
  }
  if (kind === 'read_refund') {
    const seen = await processor.readRefund(about!).catch(strange)
    if (seen === null || seen.orderId === null || seen.refundId === null) return answered('strange')
    const answer = answered(seen.state, endOf(seen.orderId, seen.refundId, seen.state))
    return seen.state === 'pending'
      ? { ...answer, againAtMs: parts.nowMs() + cardLimits.watchAuthorisedMs }
      : answer
  }
  const { payment } = (await paymentsOf(parts.database.kysely, [orderId!])).get(orderId!)!
  switch (kind) {
    case 'authorise': {
      const isFirst = key === authorisationOf(orderId!, payment).id
      // An object that this row has made was seen in a message, and is used or lost.
      if (
        payment.card !== null ||
        payment.taken !== null ||
        (!isFirst && key !== authorisationOf(orderId!, payment, true).id)
      )
        return answered('over')
      // One that may have been sent before is sent again, so that it can be given back.
      if (attempts === 1 && payment.isClosed) return answered('closed')
      const { currency, lost } = payment
      // A card that is kept for nobody can be charged once.
      const token =
        isFirst && lost.length === 0
          ? await tokenFor(parts.database.kysely, orderId!, amountMinor!)
          : null
      const asked = { orderId: orderId!, amountMinor: amountMinor!, currency, token }
      return processor.authorise(key, asked).then(
        seen =>
          answered(seen.declined ?? seen.state, {
            orderId: orderId!,
            command: { do: 'see', seen },
          }),
        refusal(code =>
          token === null
            ? answered(code, { orderId: orderId!, command: { do: 'refuse_authorisation', code } })
            : { ...answered(code), asks: [authorisationOf(orderId!, payment, true)] },
        ),
      )
    }
    case 'capture':
    case 'release': {
      const change = (): ReturnType<CardProcessor['read']> =>
        kind === 'capture'
          ? processor.capture(key, about!, amountMinor!)
          : processor.release(key, about!)
      let word: string | null = null
      const seen = await change().catch((error: unknown) => {
        // The object has changed meanwhile, and says how.
        if (!(error instanceof ProcessorError) || error.outcome !== 'refused') throw error
        word = error.code
        return processor.read(about!)
      })
      if (seen.state !== 'captured' && seen.state !== 'cancelled') {
        parts.log.error(
          { orderId, request: kind, answer: word, state: seen.state },
          'payments: the processor does not do what is due; look at it there; asking again',
        )
        throw new ProcessorError('later', word ?? seen.state)
      }
      return answered(seen.state, { orderId: orderId!, command: { do: 'see', seen } })
    }
    case 'refund': {
      const { currency, card, refunds } = payment
      if (refunds.find(one => one.refundId === about)?.state !== 'approved') return answered('over')
      const asked = { orderId: orderId!, refundId: about!, amountMinor: amountMinor!, currency }
      // The processor forgets a key after a day, but never the refund that was made under it.
      const made = attempts === 1 ? null : await processor.findRefund(card!.id, about!)
      return (made === null ? processor.refund(key, card!.id, asked) : Promise.resolve(made)).then(
        ({ id, state }): Answer => ({
          ...answered(state, endOf(orderId!, about!, state)),
          ...(state === 'pending' && { asks: [readingOf('refund', id, id)] }),
        }),
        refusal(code => answered(code, endOf(orderId!, about!, 'failed'))),
      )
    }
    case 'watch': {
      if (payment.taken !== null || payment.lost.includes(about!)) return answered('over')
      const seen = await processor.read(about!)
      const pauseMs =
        seen.state === 'authorised' ? cardLimits.watchAuthorisedMs : cardLimits.watchOpenMs
      const tells = { orderId: orderId!, command: { do: 'see', seen } } as const
      return { word: seen.state, tells, againAtMs: parts.nowMs() + pauseMs }
    }
  }
}

const refusal =
  (answer: (code: string) => Answer) =>
  (error: unknown): Answer => {
    if (error instanceof ProcessorError && error.outcome === 'refused') return answer(error.code)
    throw error
  }

/** An object that does not exist, in a message that was signed, is nobody's. */
function strange(error: unknown): null {
  if (error instanceof ProcessorError && error.outcome === 'refused') return null
  throw error
}

const endOf = (
  orderId: string,
  refundId: string,
  state: 'pending' | 'paid' | 'failed',
): Answer['tells'] =>
  state === 'pending'
    ? null
    : { orderId, command: { do: 'end_refund', refundId, isPaid: state === 'paid' } }

async function giveUp(
  { commands }: WorkerParts,
  key: string,
  orderId: string,
  { card, price, isClosed, handedOver, taken }: Payment,
): Promise<Answer> {
  if (card?.isAuthorised === true || isClosed || handedOver !== null || taken !== null)
    return answered('paid')
  await commands
    .order({
      id: `payment given up ${key}`,
      actor_id: orderId,
      verb: 'cancel',
      by: { role: 'system', id: 'payments' },
      data: {
        reason:
          price === null
            ? 'the pharmacy accepted without the price of the goods'
            : 'the payment by card was not authorised in time',
      },
    })
    .catch((error: unknown) => {
      // It is under way or over already.
      if (!(error instanceof CaduceusError) || errorCatalogue[error.code].retryable) throw error
    })
  return answered('cancelled')
}

/**
 * Starts the loop; without a processor it only calls orders off. Returns the function that stops it
 * once the requests under way are answered.
 */
export function startRequests(
  parts: WorkerParts & Pick<Kernel, 'after'>,
  processor: CardProcessor | null,
): () => Promise<void> {
  const { log, nowMs } = parts
  const seldom = new Seldom((line, error) => log.warn({ err: error }, line), nowMs)
  return keepLooking(parts, {
    ...cardLimits,
    look: () => sendDue(parts, processor),
    onError: error =>
      seldom.say('requests', 'payments: requests could not be sent; trying again', error),
  })
}
