/** Bounds of sockets: handshakes, messages, and the orders and drivers that one socket follows. */
import { clientLimits } from '../../protocol/client/limits.ts'
import { relation } from '../../protocol/kernel/limits.ts'

export const socketLimits = {
  payloadBytesMax: 64 * 1024,
  backpressureBytesMax: 1024 * 1024,
  idleTimeoutSeconds: 60,
  malformedInARowMax: 10,
  messagesPerSecondMax: 200,
  perAccountMax: 50,
  /**
   * A larger message is answered `body_too_large`; above `payloadBytesMax` the connection is cut.
   */
  messageBytesMax: 16 * 1024,
  /** Messages kept in each direction during authentication. */
  handshakeMessagesMax: 32,
  handshakeMs: 10_000,
  /** Questions to one client whether a message has arrived. */
  unansweredPingsMax: 64,
  /**
   * Sockets that may open in a second at one edge when thousands come back at once;
   * HANDSHAKES_PER_SECOND lowers it.
   */
  handshakesPerSecondMax: 400,
  /** Handshakes of one edge that are neither greeted nor refused yet. */
  handshakesUnderWayMax: 1_000,
  /**
   * Refused clients are told to come back after one second up to this many; otherwise they would
   * come back together.
   */
  handshakeRetrySecondsMax: 5,
  /** Time between two checks for expired tokens and overdue handshakes. */
  sweepMs: 1_000,
  /** Commands of one socket that wait for their answer. */
  commandsInFlightMax: 32,
  /** Orders whose positions one customer's socket follows. */
  watchedOrdersMax: 200,
  /** Drivers in one fleet view. */
  fleetDriversMax: 1_000,
} as const

relation(
  socketLimits.handshakesUnderWayMax >= 2 * socketLimits.handshakesPerSecondMax,
  'a handshake may take two seconds at the full rate',
)
relation(
  socketLimits.messageBytesMax < socketLimits.payloadBytesMax,
  'a message too large is answered before the connection is cut',
)
relation(
  socketLimits.handshakeRetrySecondsMax * 1_000 <= clientLimits.reconnectMsMax,
  'a client waits as long as the refusal tells it',
)
relation(
  (clientLimits.messagesPerFlushMax * 1_000) / clientLimits.batchMs <
    socketLimits.messagesPerSecondMax,
  'a client that empties its buffer is not taken for a flood',
)
