/**
 * The treatment of bytes by a fault proxy. Each proxy has one object, which its lanes read at every
 * step, so that a change also affects open connections.
 */
export interface Weather {
  /** Delay of each chunk, ms. The order stays. */
  delayMs: number
  /** Bandwidth of each direction of each connection. */
  bytesPerSecond: number
  /** Nothing moves and nothing is lost: bytes arrive when this ends. */
  stalled: boolean
  /**
   * Half-open: sent bytes are lost and the sender is not told. A connection that met this stays
   * dead afterwards.
   */
  swallowing: boolean
  /** New connections are closed at once. */
  refusing: boolean
}

export const fair: Readonly<Weather> = {
  delayMs: 0,
  bytesPerSecond: Infinity,
  stalled: false,
  swallowing: false,
  refusing: false,
}
