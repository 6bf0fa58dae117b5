/**
 * The port by which orders tell payments what is said about money together with a command. The words
 * are stored under the id of the command before the command is sent, and count only if the journal
 * has a fact of that command. So money and fact happen together, and the order's actor knows nothing
 * of money.
 */
import type {
  AcceptanceMoney,
  DeliveryMoney,
  PlacementMoney,
} from '../../protocol/orders/said-money.ts'
import type { Identity } from './identity.ts'

/** The caller whose words they are. */
export type Teller = Pick<Identity, 'role' | 'pharmacyId' | 'driverId'>

/** Every function throws a CaduceusError for words that break a rule; nothing is sent then. */
export interface OrderMoney {
  placing(commandId: string, orderId: string, said: PlacementMoney): Promise<void>
  /** Also refuses an acceptance without a price when the order names a way to pay. */
  accepting(
    commandId: string,
    orderId: string,
    teller: Teller,
    said: AcceptanceMoney,
  ): Promise<void>
  /** Also refuses a delivery of a cash order that does not say what was taken. */
  delivering(commandId: string, orderId: string, teller: Teller, said: DeliveryMoney): Promise<void>
  /** Throws `payment_not_authorised` while the card of the order is not authorised. */
  seeking(orderId: string, teller: Teller): Promise<void>
  /** Throws `cash_limit_reached` when the driver, whom somebody assigns, has too much cash for it. */
  assigning(orderId: string, teller: Teller, driverId: string): Promise<void>
  /**
   * Throws `cash_limit_reached` when the driver, to whom the order is offered, has too much cash for
   * it, in hand or to be taken on the way.
   */
  taking(orderId: string, driverId: string | null): Promise<void>
}

export interface WithOrderMoney {
  readonly orderMoney: OrderMoney
}
