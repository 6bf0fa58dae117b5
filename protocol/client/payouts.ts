/** Payouts for programs: `api.payouts`. Amounts are decimals in the currency of the payout. */

export interface Payout {
  id: string
  party: 'pharmacy' | 'driver'
  party_id: string
  currency: string
  from: string
  to: string
  /** Nothing when all of it was set off. */
  amount: number
  /** Kept back for a debt, such as cash in hand. */
  set_off: number
  status: 'proposed' | 'sending' | 'paid' | 'refused' | 'expired'
  proposed_at: string
  decided_at: string | null
}
export interface StatementLine {
  id: string
  at: string
  account: string
  /** Such as `goods`, `delivery_earned` or `cash_taken`. */
  reason: string
  about_id: string | null
  /** Above nothing it is owed to the party. */
  amount: number
}
export interface Statement {
  payout: Payout
  brought_forward: number
  lines_total: number
  paid: number
  carried_forward: number
  /** One page of them, oldest first. */
  lines: StatementLine[]
  next_cursor: string | null
}
export interface PayoutProposal {
  party: Payout['party']
  party_id: string
  currency: string
  from: string
  to: string
}
interface Page {
  limit?: number
  cursor?: string
}

type Call = <Answer>(
  method: 'GET' | 'POST',
  path: string,
  options?: {
    query?: Record<string, string | number | undefined>
    body?: object
    idempotencyKey?: string
  },
) => Promise<Answer>

/** The calls about payouts of pharmacies and drivers, and their statements. */
export class PayoutCalls {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** Of the caller's pharmacy or driver; for an administrator all. Newest first. */
  list(query: Page = {}): Promise<{ payouts: Payout[]; next_cursor: string | null }> {
    return this.#call('GET', '/api/payouts', { query: { ...query } })
  }
  /** For administrators. Throws `ledger_conflict` when nothing is owed. */
  propose(proposal: PayoutProposal): Promise<Payout> {
    return this.#call('POST', '/api/payouts', { body: proposal })
  }
  /**
   * Claims the payout before the money is sent: it expires no more, and nobody else gets the claim.
   * Send the money only after this call has succeeded. A call that is repeated needs the same
   * `idempotencyKey`; with another one it throws `ledger_conflict`.
   */
  startSending(payoutId: string, idempotencyKey?: string): Promise<Payout> {
    return this.#decide(payoutId, 'sending', idempotencyKey)
  }
  /** The money was sent. */
  paid(payoutId: string): Promise<Payout> {
    return this.#decide(payoutId, 'paid')
  }
  /** Nothing was sent, and the amounts are free again. */
  refuse(payoutId: string): Promise<Payout> {
    return this.#decide(payoutId, 'refused')
  }
  /** Throws `not_found` for a payout of somebody else. */
  statement(payoutId: string, query: Page = {}): Promise<Statement> {
    return this.#call('GET', `/api/payouts/${payoutId}/statement`, { query: { ...query } })
  }

  #decide(
    payoutId: string,
    decision: 'sending' | 'paid' | 'refused',
    idempotencyKey?: string,
  ): Promise<Payout> {
    return this.#call('POST', `/api/payouts/${payoutId}/decision`, {
      body: { decision },
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    })
  }
}
