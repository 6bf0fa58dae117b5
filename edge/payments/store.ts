/** Payments in the database: their facts, under a lock, with the transfers that follow from them. */
import { sql, type Kysely, type Transaction } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { NotificationKind } from '../../protocol/notifications/kinds.ts'
import type { Clock } from '../kernel/kernel.ts'
import { tellAccount } from '../kernel/news.ts'
import { tellMoney } from '../facts/store.ts'
import { record } from '../ledger/store.ts'
import { bookingsOf } from './bookings.ts'
import { isTold, toldFact } from './told.ts'
import { ask, requestsOf } from './requests.ts'
import {
  decide,
  evolve,
  statusOf,
  type Payment,
  type PaymentCommand,
  type PaymentDecision,
  type PaymentFact,
} from './payment.ts'

/** The ledger allows no transfer that follows from a fact of a payment. */
export class LedgerRefusal extends Error {
  constructor(code: string, refusal: string) {
    super(`the ledger refuses ${code} of a payment: ${refusal}`)
    this.name = 'LedgerRefusal'
  }
}

/** The parties of an order when it is placed. */
export interface Opened {
  customer_id: string
  /** Null for a request that nobody has accepted. */
  vendor_id: string | null
}

export type NewsClock = Pick<Clock, 'nowMs' | 'random'>
/** The news that a fact is for the customer; null for none. */
function newsOf({ type }: PaymentFact): NotificationKind | null {
  switch (type) {
    case 'action_required':
      return 'payment.action_required'
    case 'captured':
      return 'payment.captured'
    case 'refund_paid':
      return 'payment.refunded'
    case 'refund_failed':
      return 'payment.refund_failed'
    default:
      return null
  }
}

/** A fact with its time. */
export interface DatedFact {
  fact: PaymentFact
  at: Date
}

/** The payments of these orders with their facts; an order without one is left out. */
export async function paymentsOf(
  db: Kysely<Tables>,
  orderIds: readonly string[],
): Promise<Map<string, { payment: Payment; facts: DatedFact[] }>> {
  const found = new Map<string, { payment: Payment; facts: DatedFact[] }>()
  if (orderIds.length === 0) return found
  const rows = await db
    .selectFrom('payment_facts')
    .select(['order_id', 'type', 'data', 'at'])
    .where('order_id', 'in', orderIds)
    .orderBy('order_id')
    .orderBy('version')
    .execute()
  for (const { order_id, type, data, at } of rows) {
    const fact = { type, data } as PaymentFact
    const before = found.get(order_id)
    const payment = evolve(before?.payment ?? null, fact)
    found.set(order_id, { payment, facts: [...(before?.facts ?? []), { fact, at }] })
  }
  return found
}

/** `told`: the number of its facts that others hear. */
interface Held {
  payment: Payment
  version: number
  told: number
}

/**
 * Payments under the lock of their rows. A command changes them at once; `write` stores everything
 * that has happened, with its transfers.
 */
export class LockedPayments {
  readonly #tx: Transaction<Tables>
  readonly #payments = new Map<string, Held>()
  readonly #added: { orderId: string; held: Held; fact: PaymentFact; at: Date }[] = []

  private constructor(tx: Transaction<Tables>) {
    this.#tx = tx
  }

  static async of(tx: Transaction<Tables>, orderIds: readonly string[]): Promise<LockedPayments> {
    const locked = new LockedPayments(tx)
    if (orderIds.length === 0) return locked
    await sql`select from payments where order_id = any(${orderIds}::uuid[]) order by order_id for update`.execute(
      tx,
    )
    for (const [orderId, { payment, facts }] of await paymentsOf(tx, orderIds))
      locked.#payments.set(orderId, {
        payment,
        version: facts.length,
        told: facts.filter(({ fact }) => isTold(fact)).length,
      })
    return locked
  }

  has(orderId: string): boolean {
    return this.#payments.has(orderId)
  }
  get(orderId: string): Payment | null {
    return this.#payments.get(orderId)?.payment ?? null
  }

  tell(orderId: string, command: PaymentCommand, at: Date): PaymentDecision {
    const decision = decide(this.get(orderId), command)
    if (decision.ok)
      for (const fact of decision.facts) {
        const payment = evolve(this.get(orderId), fact)
        const { version = 0, told = 0 } = this.#payments.get(orderId) ?? {}
        const held = { payment, version: version + 1, told: told + (isTold(fact) ? 1 : 0) }
        this.#payments.set(orderId, held)
        this.#added.push({ orderId, held, fact, at })
      }
    return decision
  }

  /**
   * Returns the types of the facts. `opened` has the parties of each payment that is new. Throws
   * LedgerRefusal when the ledger refuses a transfer, because then the facts must not happen either.
   */
  async write(opened: ReadonlyMap<string, Opened>, clock: NewsClock): Promise<string[]> {
    const tx = this.#tx
    const nowMs = clock.nowMs()
    for (const { orderId, held, fact, at } of this.#added) {
      const { version } = held
      const { payment } = this.#payments.get(orderId)!
      const parties = {
        ...(payment.price !== null && { vendor_id: payment.price.pharmacyId }),
        driver_id: payment.taken?.driverId ?? null,
        status: statusOf(payment),
        version,
      }
      if (version === 1)
        await tx
          .insertInto('payments')
          .values({
            order_id: orderId,
            ...opened.get(orderId)!,
            opened_at: at,
            ...parties,
          })
          .execute()
      else await tx.updateTable('payments').set(parties).where('order_id', '=', orderId).execute()
      const kind = newsOf(fact)
      if (kind !== null && !payment.isClosed) {
        const about = { kind: 'payment', id: orderId } as const
        const accountId = await this.#customerOf(orderId)
        await tellAccount(tx, { kind, accountId, about }, clock)
      }
      const { type, data } = fact
      await tx
        .insertInto('payment_facts')
        .values({ order_id: orderId, version, type, data: JSON.stringify(data), at })
        .execute()
    }
    await ask(
      tx,
      this.#added.flatMap(({ orderId, fact }) => requestsOf(orderId, this.get(orderId)!, fact)),
      nowMs,
    )
    const groups = this.#added.flatMap(({ orderId, fact }) =>
      bookingsOf(orderId, this.get(orderId)!, fact).filter(group => group.transfers.length > 0),
    )
    if (groups.length > 0)
      for (const [i, outcome] of (await record(tx, groups, nowMs)).entries())
        if (!outcome.ok)
          throw new LedgerRefusal(groups[i]!.transfers[outcome.at]!.code, outcome.refusal)
    await this.#tellFacts()
    return this.#added.map(({ fact }) => fact.type)
  }

  async #tellFacts(): Promise<void> {
    const told = this.#added.filter(({ fact }) => isTold(fact))
    if (told.length === 0) return
    const parties = new Map(
      (
        await this.#tx
          .selectFrom('payments')
          .select(['order_id', 'customer_id', 'vendor_id'])
          .where('order_id', 'in', [...new Set(told.map(({ orderId }) => orderId))])
          .execute()
      ).map(row => [row.order_id, row]),
    )
    await tellMoney(
      this.#tx,
      told.map(({ orderId, held, fact, at }) =>
        toldFact(parties.get(orderId)!, held.payment, fact, held.told, at),
      ),
    )
  }

  async #customerOf(orderId: string): Promise<string> {
    const { customer_id } = await this.#tx
      .selectFrom('payments')
      .select('customer_id')
      .where('order_id', '=', orderId)
      .executeTakeFirstOrThrow()
    return customer_id
  }
}
