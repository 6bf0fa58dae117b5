/**
 * The reason why a socket may not open. It is thrown while the socket opens and told to the client
 * as a close code.
 */
import { closeCodes, CaduceusError } from '../../protocol/kernel/errors.ts'

export class Refusal extends Error {
  readonly closeCode: number
  constructor(closeCode: number, reason: string) {
    super(reason)
    this.name = 'Refusal'
    this.closeCode = closeCode
  }
}

export const refusals = {
  unauthenticated: () =>
    new Refusal(closeCodes.unauthenticated, 'token missing, invalid or expired'),
  wrongRole: (reason = 'wrong role for this socket') => new Refusal(closeCodes.wrongRole, reason),
  /**
   * Has the code of a wrong role: a pharmacy or a driver who may not work must not simply
   * reconnect.
   */
  notNow: (reason: string) => new Refusal(closeCodes.wrongRole, reason),
  noSuchRecord: (reason: string) => new Refusal(closeCodes.noSuchRecord, reason),
  tooManyHandshakes: (waitSeconds: number) =>
    new Refusal(
      closeCodes.tooManyMessages,
      `too many connections were opened; try again in ${waitSeconds} s`,
    ),
  tooManySockets: () =>
    new Refusal(closeCodes.tooManyMessages, 'too many connections of this account'),
}

/**
 * The refusal for an error. Errors of authentication and of missing records have close codes of
 * their own. After any other error (the database is away) another attempt may succeed, so it gets
 * 1001.
 */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof CaduceusError) {
    switch (error.code) {
      case 'unauthenticated':
      case 'token_invalid':
      case 'credentials_wrong':
        return refusals.unauthenticated()
      case 'account_inactive':
      case 'forbidden':
        return refusals.wrongRole(error.message)
      case 'not_found':
      case 'vendor_not_found':
      case 'driver_not_found':
      case 'order_not_found':
        return refusals.noSuchRecord(error.message)
    }
  }
  return new Refusal(closeCodes.goingAway, 'temporarily unavailable')
}
