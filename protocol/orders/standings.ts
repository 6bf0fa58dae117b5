/** How a reader can stand to an order. The standing decides what the reader sees. */

/**
 * The standing of a reader towards an order.
 *
 * | standing | reader | sees |
 * |---|---|---|
 * | overseer | administrators, services, the engine | all |
 * | customer | the customer who ordered | all but the flag of the delivery |
 * | winner | the pharmacy that accepted it | all but other pharmacies' answers |
 * | chosen | the pharmacy that the customer chose, before it accepts | the same without the tracking link |
 * | asked | a pharmacy that may take an open request | items, quantity, prescription, area, initials |
 * | carrier | its driver, until some hours after the end | what the delivery needs |
 * | offered | the driver whose answer the order waits for | two areas and the fee |
 * | past | its driver, after that | number, area and fee |
 * | outsider | everybody else who knows its id | number, area and status |
 */
export type Standing =
  | 'overseer'
  | 'customer'
  | 'winner'
  | 'chosen'
  | 'asked'
  | 'carrier'
  | 'offered'
  | 'past'
  | 'outsider'
