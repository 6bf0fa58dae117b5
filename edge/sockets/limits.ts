/** Shares of the door for sockets; the whole of it is HANDSHAKES_PER_SECOND. */
export const admissionLimits = {
  /** Of one address without a good token: a family, or the waiting room that follows one link. */
  addressShare: 1 / 8,
  /** Kept from those without a good token. */
  vouchedReserve: 1 / 2,
  /** Kept for accounts and addresses that came seldom in this second. */
  quietReserve: 1 / 4,
  /** Handshakes of one account in a second that count as seldom: its app on a few devices. */
  perVoucherPerSecond: 8,
  /** Keys remembered for a second. */
  keysPerSecondMax: 4_096,
} as const
