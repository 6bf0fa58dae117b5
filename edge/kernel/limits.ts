/** Bounds of sockets: of the handshake, of messages, and of the news that one socket follows. */
import { clientLimits } from '../../protocol/client/limits.ts'
import { relation } from '../../protocol/kernel/limits.ts'

export const socketLimits = {
  payloadBytesMax: 64 * 1024,
  backpressureBytesMax: 1024 * 1024,
  idleTimeoutSeconds: 60,
  malformedInARowMax: 10,
  messagesPerSecondMax: 200,
  perAccountMax: 50,
  /** Above this a message is answered `body_too_large`; above `payloadBytesMax` the connection is cut. */
  messageBytesMax: 16 * 1024,
  /** Kept while authentication is under way, in each direction. */
  handshakeMessagesMax: 32,
  handshakeMs: 10_000,
  /** Sockets that may begin a second at one edge, when thousands come back at once; HANDSHAKES_PER_SECOND lowers it. */
  handshakesPerSecondMax: 400,
  /** At one edge: begun, and not yet greeted or refused. */
  handshakesUnderWayMax: 1_000,
  /** Those who are refused are told to come back after one to so many seconds, or they would come together again. */
  handshakeRetrySecondsMax: 5,
  /** How often expired tokens and overdue handshakes are looked for. */
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
  'a client waits for as long as the door says',
)
relation(
  (clientLimits.messagesPerFlushMax * 1_000) / clientLimits.batchMs <
    socketLimits.messagesPerSecondMax,
  'a client that empties its buffer is not taken for a flood',
)
