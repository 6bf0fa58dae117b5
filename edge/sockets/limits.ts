/** Shares of the admission of sockets; the whole is HANDSHAKES_PER_SECOND. */
export const admissionLimits = {
  /**
   * Share of one address without a valid token, such as a family, or a waiting room that follows
   * one link.
   */
  addressShare: 1 / 8,
  /** Share that clients without a valid token leave to the others. */
  vouchedReserve: 1 / 2,
  /** Share kept for accounts and addresses that came seldom in this second. */
  quietReserve: 1 / 4,
  /** Handshakes of one account in a second that count as seldom: its app on a few devices. */
  perVoucherPerSecond: 8,
  /** Keys that are remembered for a second. */
  keysPerSecondMax: 4_096,
} as const
