/**
 * The port to a processor of cards. What it says is an object as it is now, never what has changed:
 * its messages come late, twice and in any order, so each of them only leads to one more reading.
 * No data of a card ever passes here. Amounts are whole minor units of the currency.
 */

/** A payment as the processor has it now. */
export interface SeenPayment {
  readonly id: string
  /** From the request that made it; null for an object that somebody else has made. */
  readonly orderId: string | null
  readonly requestId: string | null
  /** `open` waits for the customer. */
  readonly state: 'open' | 'authorised' | 'captured' | 'cancelled'
  readonly currency: string
  readonly authorisedMinor: number
  readonly capturedMinor: number
  /** With it the customer's own device confirms the payment. */
  readonly clientSecret: string | null
  /** Why the last card was refused. */
  readonly declined: string | null
  /** The authorisation is over then; RFC 3339. */
  readonly captureBefore: string | null
}

/** A refund as the processor has it now. */
export interface SeenRefund {
  readonly id: string
  readonly orderId: string | null
  readonly refundId: string | null
  readonly state: 'pending' | 'paid' | 'failed'
}

/** The processor says that an object has changed. */
export interface Hint {
  readonly id: string
  readonly about: 'payment' | 'refund'
  readonly objectId: string
}

/** `later`: the same request may succeed. `refused`: it never will. */
export class ProcessorError extends Error {
  readonly outcome: 'later' | 'refused'
  /** The processor's own word. */
  readonly code: string
  constructor(outcome: 'later' | 'refused', code: string) {
    super(`the processor of cards answered ${code}`)
    this.name = 'ProcessorError'
    this.outcome = outcome
    this.code = code
  }
}

/**
 * Each function that changes something takes a key; the same key changes it once, however often it
 * is sent. All reject with ProcessorError.
 */
export interface CardProcessor {
  /** A token stands for a card that the customer's device gave to the processor. */
  authorise(
    key: string,
    asked: { orderId: string; amountMinor: number; currency: string; token: string | null },
  ): Promise<SeenPayment>
  read(id: string): Promise<SeenPayment>
  capture(key: string, id: string, amountMinor: number): Promise<SeenPayment>
  /** Gives an authorisation back. */
  release(key: string, id: string): Promise<SeenPayment>
  refund(
    key: string,
    id: string,
    asked: { orderId: string; refundId: string; amountMinor: number; currency: string },
  ): Promise<SeenRefund>
  readRefund(id: string): Promise<SeenRefund>
  /** The refund of this payment that was made for one of ours; null for none. */
  findRefund(id: string, refundId: string): Promise<SeenRefund | null>
  /**
   * Checks a message over its bytes; null when it is about nothing of ours. Throws a CaduceusError
   * `signature_invalid` or `payment_webhook_mismatch`.
   */
  hintOf(body: Uint8Array, signature: string | undefined): Hint | null
}
