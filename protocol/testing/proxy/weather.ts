/**
 * What a fault proxy does to the bytes that pass through it. One object per proxy, read by its
 * lanes at
 * every step, so that a change of weather meets the connections that are open already.
 */
export interface Weather {
  /** Each chunk arrives this much later; the order stays. */
  delayMs: number
  /** Each direction of each connection by itself. */
  bytesPerSecond: number
  /** Nothing moves, nothing is lost: what was sent arrives when the weather clears. */
  stalled: boolean
  /**
   * Half-open: what is sent is gone, and nobody says so; a connection that met this stays dead
   * afterwards.
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
